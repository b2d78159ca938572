// Every row of the table of variables: where a value goes, what is said of it, and that what comes out always
// loads.
#include "cli/env_import.hpp"

#include <map>
#include <set>

#include "catch.hpp"
#include "cli/env_variables.hpp"
#include "config/settings_explain.hpp"

using namespace toolpost;

namespace {

constexpr const char* kSecret = "sk-0123456789abcdef";
#ifdef TOOLPOST_TEST_SANITIZED         // ten times slower
constexpr std::size_t kNastyStep = 7;  // of 15 values, so each variable and each value has its turn
constexpr int kMangledFiles = 40;
#else
constexpr std::size_t kNastyStep = 1;
constexpr int kMangledFiles = 300;
#endif

struct Imported {
  EnvImport import;
  std::map<std::string, std::string> values;  // in force, as TOML

  const EnvNote& note(const std::string& variable) const {
    for (const EnvNote& one : import.notes)
      if (one.variable == variable) return one;
    FAIL("no note on " << variable);
    throw 0;
  }
  bool adjusted(const std::string& setting) const {
    for (const EnvNote& one : import.notes)
      if (one.effect == "adjusted" && one.setting == setting) return true;
    return false;
  }
};

Imported import(const std::string& text) {
  Imported imported{import_env(text), {}};
  INFO(imported.import.toml);
  const SettingsOutcome outcome = load_settings({{"imported", imported.import.toml}});
  for (const ConfigProblem& problem : outcome.problems) FAIL(to_string(problem));
  CHECK(imported.import.problems.empty());
  for (const EffectiveSetting& setting : effective_settings(outcome.loaded->settings))
    imported.values[setting.name()] = setting.value;
  return imported;
}

struct Row {
  const char* variable;
  const char* value;
  const char* setting;
  const char* toml;
  const char* with = "";  // further lines, without which the setting is not there
};

constexpr const char* kGlm = "GLM_API_KEY=sk-0123456789abcdef\n";
constexpr const char* kKimi = "KIMI_API_KEY=sk-0123456789abcdef\n";
constexpr const char* kCustom = "CUSTOM_API_URL=http://localhost:1/v1\n";
constexpr const char* kAzure =
    "AZURE_OPENAI_API_KEY=sk-0123456789abcdef\nAZURE_OPENAI_ENDPOINT=https://a.example\n";
constexpr const char* kDial = "DIAL_API_KEY=sk-0123456789abcdef\nDIAL_API_HOST=https://d.example\n";
constexpr const char* kOpenRouter = "OPENROUTER_API_KEY=sk-0123456789abcdef\n";
constexpr const char* kKimiTools = R"(plugins."dev.toolpost.kimi_tools".config)";
constexpr const char* kTwo = "GLM_API_KEY=sk-0123456789abcdef\nKIMI_API_KEY=sk-0123456789abcdef\n";

const Row kRows[] = {
    {"GLM_API_KEY", kSecret, "providers.glm.key", R"({ env = "GLM_API_KEY" })"},
    {"ZHIPUAI_API_KEY", kSecret, "providers.glm.key", R"({ env = "ZHIPUAI_API_KEY" })"},
    {"ZAI_API_KEY", kSecret, "providers.glm.key", R"({ env = "ZAI_API_KEY" })"},
    {"KIMI_API_KEY", kSecret, "providers.kimi.key", R"({ env = "KIMI_API_KEY" })"},
    {"MOONSHOT_API_KEY", kSecret, "providers.kimi.key", R"({ env = "MOONSHOT_API_KEY" })"},
    {"CUSTOM_API_KEY", kSecret, "providers.custom.key", R"({ env = "CUSTOM_API_KEY" })", kCustom},
    {"OPENROUTER_API_KEY", kSecret, "providers.openrouter.base_url", R"("https://openrouter.ai/api/v1")"},
    {"OPENAI_API_KEY", kSecret, "providers.openai.base_url", R"("https://api.openai.com/v1")"},
    {"GEMINI_API_KEY", kSecret, "providers.gemini.plugin", R"("gemini")"},
    {"XAI_API_KEY", kSecret, "providers.xai.base_url", R"("https://api.x.ai/v1")"},
    {"AZURE_OPENAI_API_KEY", kSecret, "providers.azure.key_header", R"("api-key")",
     "AZURE_OPENAI_ENDPOINT=https://a.example\n"},
    {"DIAL_API_KEY", kSecret, "providers.dial.key_header", R"("api-key")",
     "DIAL_API_HOST=https://d.example\n"},
    {"GLM_API_URL", "https://g.example/v4/", "providers.glm.base_url", R"("https://g.example/v4")", kGlm},
    {"ZHIPUAI_API_URL", "https://g.example", "providers.glm.base_url", R"("https://g.example")", kGlm},
    {"GLM_BASE_URL", "https://g.example", "providers.glm.base_url", R"("https://g.example")", kGlm},
    {"ZAI_BASE_URL", "https://g.example", "providers.glm.base_url", R"("https://g.example")", kGlm},
    {"ZHIPUAI_BASE_URL", "https://g.example", "providers.glm.base_url", R"("https://g.example")", kGlm},
    {"KIMI_API_URL", "https://k.example", "providers.kimi.base_url", R"("https://k.example")", kKimi},
    {"MOONSHOT_API_URL", "https://k.example", "providers.kimi.base_url", R"("https://k.example")", kKimi},
    {"KIMI_BASE_URL", "https://k.example", "providers.kimi.base_url", R"("https://k.example")", kKimi},
    {"MOONSHOT_BASE_URL", "https://k.example", "providers.kimi.base_url", R"("https://k.example")", kKimi},
    {"CUSTOM_API_URL", "http://localhost:11434/v1", "providers.custom.base_url",
     R"("http://localhost:11434/v1")"},
    {"GEMINI_BASE_URL", "https://m.example", "providers.gemini.base_url", R"("https://m.example/v1beta")",
     "GEMINI_API_KEY=sk-0123456789abcdef\n"},
    {"AZURE_OPENAI_ENDPOINT", "https://a.example/", "providers.azure.base_url",
     R"("https://a.example/openai/v1")", "AZURE_OPENAI_API_KEY=sk-0123456789abcdef\n"},
    {"DIAL_API_HOST", "https://d.example", "providers.dial.base_url", R"("https://d.example/openai")",
     "DIAL_API_KEY=sk-0123456789abcdef\n"},
    {"ENABLE_CUSTOM", "false", "providers.custom.base_url", "", kCustom},
    {"ENABLE_OPENROUTER", "0", "providers.openrouter.base_url", "", kOpenRouter},
    {"ALLOWED_PROVIDERS", "KIMI", "providers.glm.base_url", "", kTwo},
    {"DISABLED_PROVIDERS", "glm", "providers.glm.base_url", "", kTwo},
    {"DEFAULT_MODEL", "kimi-k2", "host.default_provider", R"("kimi")", kTwo},
    {"GLM_DEFAULT_MODEL", "m", "providers.glm.models", R"(["m"])", kGlm},
    {"GLM_SPEED_MODEL", "m", "providers.glm.models", R"(["m", "q"])",
     "GLM_API_KEY=sk-0123456789abcdef\nGLM_QUALITY_MODEL=q\n"},
    {"GLM_QUALITY_MODEL", "m", "providers.glm.models", R"(["m"])", kGlm},
    {"GLM_PREFERRED_MODELS", "m, n,,m", "providers.glm.models", R"(["m", "n"])", kGlm},
    {"KIMI_DEFAULT_MODEL", "m", "providers.kimi.models", R"(["m"])", kKimi},
    {"KIMI_SPEED_MODEL", "m", "providers.kimi.models", R"(["m"])", kKimi},
    {"KIMI_QUALITY_MODEL", "m", "providers.kimi.models", R"(["m"])", kKimi},
    {"KIMI_THINKING_MODEL", "m", "providers.kimi.models", R"(["m"])", kKimi},
    {"KIMI_PREFERRED_MODELS", "m,n", "providers.kimi.models_preferred", R"(["m", "n"])", kKimi},
    {"KIMI_INTENT_MODEL", "m", kKimiTools, R"({"intent_model" = "m"})"},
    {"KIMI_FILES_MAX_COUNT", "20", "turns.provider_calls_max", "21"},
    {"FALLBACK_ON_FAILURE", "false", "models.fallbacks_max", "0"},
    {"CUSTOM_MODEL_NAME", "m", "providers.custom.models", R"(["m"])", kCustom},
    {"OPENAI_ALLOWED_MODELS", "m,n", "providers.openai.models_allowed", R"(["m", "n"])",
     "OPENAI_API_KEY=sk-0123456789abcdef\n"},
    {"GOOGLE_ALLOWED_MODELS", "m", "providers.gemini.models_allowed", R"(["m"])",
     "GEMINI_API_KEY=sk-0123456789abcdef\n"},
    {"XAI_ALLOWED_MODELS", "m", "providers.xai.models_allowed", R"(["m"])",
     "XAI_API_KEY=sk-0123456789abcdef\n"},
    {"OPENROUTER_ALLOWED_MODELS", "a/m", "providers.openrouter.models", R"(["a/m"])", kOpenRouter},
    {"DIAL_ALLOWED_MODELS", "m", "providers.dial.models_allowed", R"(["m"])", kDial},
    {"AZURE_OPENAI_ALLOWED_MODELS", "m", "providers.azure.models_allowed", R"(["m"])", kAzure},
    {"AZURE_OPENAI_API_VERSION", "2024-10-21", "providers.azure.base_url", R"("https://a.example/openai")",
     kAzure},
    {"DIAL_API_VERSION", "7", "providers.dial.config", R"({"api_version" = "7", "dialect" = "azure"})",
     kDial},
    {"OPENROUTER_REFERER", "https://me.example", "providers.openrouter.config",
     R"({"headers" = {"http-referer" = "https://me.example"}})", kOpenRouter},
    {"OPENROUTER_TITLE", "My \"own\"", "providers.openrouter.config",
     R"({"headers" = {"x-title" = "My \"own\""}})", kOpenRouter},
    {"GLM_WEBSEARCH_ENGINE", "search-std", "providers.glm.config", R"({"search_engine" = "search-std"})",
     kGlm},
    {"GLM_STREAM_ENABLED", "false", "providers.glm.config", R"({"stream" = false})", kGlm},
    {"WORKFLOW_TOOL_TIMEOUT_SECS", "50", "ceilings.tool_ms", "50_000"},
    {"EXPERT_ANALYSIS_TIMEOUT_SECS", "55", "ceilings.expert_ms", "55_000"},
    {"GLM_TIMEOUT_SECS", "20", "ceilings.provider_ms", "20_000"},
    {"KIMI_TIMEOUT_SECS", "40", "ceilings.provider_ms", "40_000", "GLM_TIMEOUT_SECS=25\n"},
    {"GLM_STREAM_TIMEOUT", "300", "ceilings_long.provider_ms", "300_000"},
    {"KIMI_STREAM_TIMEOUT", "400", "ceilings_long.provider_ms", "400_000"},
    {"FILE_UPLOAD_TIMEOUT_SECS", "90", "ceilings.upload_ms", "90_000"},
    {"GLM_FILE_UPLOAD_TIMEOUT_SECS", "90", "ceilings_long.upload_ms", "90_000"},
    {"KIMI_FILES_UPLOAD_TIMEOUT_SECS", "90", "ceilings.upload_ms", "90_000"},
    {"UPLOAD_TIMEOUT", "300", "ceilings.upload_ms", "300_000", "FILE_UPLOAD_TIMEOUT_SECS=90\n"},
    {"KIMI_CONNECT_TIMEOUT_SECS", "7.5", "http.connect_ms", "7_500"},
    {"CUSTOM_CONNECT_TIMEOUT", "45", "http.connect_ms", "45_000"},
    {"EXAI_WS_PROGRESS_INTERVAL_SECS", "2.5", "deadlines.progress_interval_ms", "2_500"},
    {"EXAI_WS_GLOBAL_MAX_INFLIGHT", "12", "admission.calls_max", "12"},
    {"EXAI_WS_SESSION_MAX_INFLIGHT", "3", "admission.owner_calls_max", "3"},
    {"EXAI_WS_GLM_MAX_INFLIGHT", "4", "providers.glm.concurrency_max", "4", kGlm},
    {"EXAI_WS_KIMI_MAX_INFLIGHT", "6", "providers.kimi.concurrency_max", "6", kKimi},
    {"EXAI_WS_MAX_BYTES", "33554432", "limits.message_bytes_max", "33_554_432"},
    {"RETRY_ATTEMPTS", "2", "retry.attempts_max", "2"},
    {"RETRY_MAX_ATTEMPTS", "3", "retry.attempts_max", "3"},
    {"RETRY_BACKOFF_BASE", "0.5", "retry.backoff_base_ms", "500"},
    {"RETRY_BASE_DELAY", "1.0", "retry.backoff_base_ms", "1_000"},
    {"RETRY_BACKOFF_MAX", "4.0", "retry.backoff_max_ms", "4_000"},
    {"RETRY_MAX_DELAY", "60", "retry.backoff_max_ms", "60_000"},
    {"RESILIENCE_ENABLED", "false", "breaker.enabled", "false"},
    {"RESILIENCE_RETRY_ENABLED", "false", "retry.attempts_max", "1"},
    {"CIRCUIT_BREAKER_ENABLED", "no", "breaker.enabled", "false"},
    {"RESILIENCE_CIRCUIT_BREAKER_ENABLED", "off", "breaker.enabled", "false"},
    {"CIRCUIT_BREAKER_THRESHOLD", "7", "breaker.failures_max", "7"},
    {"CIRCUIT_BREAKER_FAILURE_THRESHOLD", "8", "breaker.failures_max", "8"},
    {"CIRCUIT_BREAKER_TIMEOUT_SECS", "60", "breaker.open_base_ms", "60_000"},
    {"CIRCUIT_BREAKER_RECOVERY_TIMEOUT_SECS", "300", "breaker.open_base_ms", "300_000"},
    {"CIRCUIT_BREAKER_TIMEOUT", "61.5", "breaker.open_base_ms", "61_500"},
    {"CONVERSATION_TIMEOUT_HOURS", "3", "store.thread_ttl_ms", "10_800_000"},
    {"MAX_CONVERSATION_TURNS", "20", "store.thread_turns_max", "20"},
    {"TOOL_PROFILE", "Full", "tools.profile", R"("full")"},
    {"LEAN_MODE", "true", "tools.profile", R"("lean")"},
    {"LEAN_TOOLS", "tracer, docgen", "tools.enable", R"(["tracer", "docgen"])"},
    {"ENABLED_TOOLS", "tracer", "tools.profile", R"("lean")"},
    {"DISABLED_TOOLS", "tracer", "tools.disable", R"(["tracer"])"},
    {"CLIENT_TOOL_DENYLIST", "docgen", "tools.disable", R"(["tracer", "docgen"])", "DISABLED_TOOLS=tracer\n"},
    {"CLAUDE_TOOL_DENYLIST", "docgen", "tools.disable", R"(["docgen"])"},
    {"LOCALE", "fr_FR.UTF-8", "host.locale", R"("fr-FR")"},
    {"LOG_LEVEL", "WARNING", "log.level", R"("warn")"},
};

std::vector<std::span<const EnvVariable>> all_rows() {
  return {env_mapped_variables(), env_gone_variables(), env_later_variables()};
}

}  // namespace

TEST_CASE("env import: each variable that becomes a setting reaches it", "[cli][import]") {
  std::set<std::string_view> tested;
  for (const Row& row : kRows) {
    CAPTURE(row.variable, row.setting);
    const Imported imported = import(std::string(row.with) + row.variable + "=" + row.value + "\n");
    const auto found = imported.values.find(row.setting);
    CHECK((found == imported.values.end() ? "" : found->second) == row.toml);
    const EnvVariable* const variable = find_env_variable(row.variable);
    REQUIRE(variable != nullptr);
    const EnvNote& note = imported.note(row.variable);
    CHECK(note.effect == (variable->fate == EnvFate::key    ? "key"
                          : variable->fate == EnvFate::kept ? "kept"
                                                            : "changed"));
    CHECK(note.message.empty() == (variable->fate == EnvFate::kept));
    CHECK(imported.import.toml.find("0123456789abcdef") == std::string::npos);
    tested.insert(row.variable);
  }
  for (const EnvVariable& variable : env_mapped_variables()) {
    CAPTURE(variable.name);
    CHECK(tested.contains(variable.name));
    CHECK_FALSE(variable.setting.empty());
  }
}

TEST_CASE("env import: each variable without effect says why, and changes nothing", "[cli][import]") {
  const std::string bare = import_env("").toml;
  for (const auto& rows : {env_gone_variables(), env_later_variables()}) {
    for (const EnvVariable& variable : rows) {
      CAPTURE(variable.name);
      const EnvImport imported = import_env(std::string(variable.name) + "=" + kSecret);
      CHECK(imported.toml == bare);
      REQUIRE(imported.notes.size() == 1);
      CHECK(imported.notes[0].effect == "no_effect");
      CHECK(imported.notes[0].message.size() > 20);
      CHECK(imported.notes[0].message.starts_with("had no effect there either") ==
            (variable.fate == EnvFate::dead));
      CHECK(imported.notes[0].message.find(kSecret) == std::string::npos);
    }
  }
}

TEST_CASE("env import: the table has each of the predecessor's variables once", "[cli][import]") {
  std::set<std::string_view> names;
  std::size_t rows = 0;
  for (const auto& part : all_rows()) {
    for (const EnvVariable& variable : part) names.insert(variable.name);
    rows += part.size();
  }
  CHECK(rows ==
        506);  // 298 that it reads, 9 of its example file, 172 more of its last release, 27 more of PAL
  CHECK(names.size() == rows);
}

TEST_CASE("env import: preferred models are offered, and no list of another provider is made",
          "[cli][import]") {
  const Imported imported = import(std::string(kTwo) + "GLM_DEFAULT_MODEL=a\nGLM_PREFERRED_MODELS=b,a\n");
  CHECK(imported.values.at("providers.glm.models") == R"(["a", "b"])");
  CHECK(imported.values.at("providers.glm.models_preferred") == R"(["b", "a"])");
  CHECK(imported.values.at("providers.kimi.models_preferred") == "[]");
}

TEST_CASE("env import: a count of files is bounded, 0 leaves the usual one", "[cli][import]") {
  const Imported many = import("KIMI_FILES_MAX_COUNT=1000");
  CHECK(many.values.at(kKimiTools) == R"({"files_max" = 64})");
  CHECK(many.values.at("turns.provider_calls_max") == "65");
  const Imported few = import("KIMI_FILES_MAX_COUNT=3\nKIMI_INTENT_MODEL=m");
  CHECK(few.values.at(kKimiTools) == R"({"files_max" = 3, "intent_model" = "m"})");
  CHECK(few.values.at("turns.provider_calls_max") == "8");
  CHECK(import("KIMI_FILES_MAX_COUNT=0").import.toml == import("").import.toml);
  CHECK(import("KIMI_FILES_MAX_COUNT=2.5").note("KIMI_FILES_MAX_COUNT").effect == "unusable");
  CHECK(import("FALLBACK_ON_FAILURE=true").values.at("models.fallbacks_max") == "1");
}

TEST_CASE("env import: a tool's limit goes to the profile that can hold it", "[cli][import]") {
  const Imported sixty = import("WORKFLOW_TOOL_TIMEOUT_SECS=60");
  CHECK(sixty.values.at("ceilings.tool_ms") == "60_000");
  CHECK(sixty.values.at("ceilings_long.tool_ms") == "660_000");
  const Imported more = import("WORKFLOW_TOOL_TIMEOUT_SECS=61");
  CHECK(more.values.at("ceilings.tool_ms") == "45_000");
  CHECK(more.values.at("ceilings_long.tool_ms") == "61_000");
  const Imported patient = import("WORKFLOW_TOOL_TIMEOUT_SECS=600");
  CHECK(patient.values.at("ceilings.tool_ms") == "45_000");
  CHECK(patient.values.at("ceilings_long.tool_ms") == "600_000");
  CHECK(patient.values.at("ceilings_long.provider_ms") == "599_500");
  CHECK(patient.adjusted("ceilings_long.provider_ms"));
  CHECK(patient.values.at("ceilings_long.expert_ms") == "720_000");
  CHECK(patient.note("WORKFLOW_TOOL_TIMEOUT_SECS").setting == "ceilings_long.tool_ms");
  const Imported off = import("WORKFLOW_TOOL_TIMEOUT_SECS=0");
  CHECK(off.values.at("ceilings.tool_ms") == "0");
  CHECK(off.values.at("ceilings_long.tool_ms") == "0");
  CHECK(off.values.at("ceilings.daemon_ms") == "67_500");
  CHECK(off.note("WORKFLOW_TOOL_TIMEOUT_SECS").setting == "ceilings.tool_ms ceilings_long.tool_ms");
}

TEST_CASE("env import: ceilings are moved until they nest, at both ends of what can be said",
          "[cli][import]") {
  for (const char* tool :
       {"0", "0.001", "0.3", "0.5", "1", "45", "60", "60.001", "660", "86399", "86400", "1e300"})
    for (const char* expert : {"0", "0.001", "30", "60", "61", "720", "86400", "1e9"})
      for (const char* provider : {"0", "0.001", "30", "86400"})
        import("WORKFLOW_TOOL_TIMEOUT_SECS=" + std::string(tool) + "\nEXPERT_ANALYSIS_TIMEOUT_SECS=" +
               expert + "\nGLM_TIMEOUT_SECS=" + provider + "\nGLM_STREAM_TIMEOUT=" + provider + "\n");
  CHECK(import("EXPERT_ANALYSIS_TIMEOUT_SECS=30").adjusted("ceilings.expert_ms"));
  CHECK(import("RETRY_BACKOFF_BASE=20").values.at("retry.backoff_max_ms") == "20_000");
  CHECK(import("CIRCUIT_BREAKER_TIMEOUT=400").values.at("breaker.open_max_ms") == "400_000");
}

TEST_CASE("env import: whatever a value is, the file loads and the note shows none of it", "[cli][import]") {
  const std::string nasty[] = {
      kSecret,  "-1",   "1e999", "nan",  "99999999999999999999", "0",      "1.5", "true",
      "\"\"\"", "]\n[", "'\\''", "a\"b", "https://u:p@h/x?k=1",  "a,b,,c", "\xff"};
  std::size_t tried = 0;
  for (const EnvVariable& variable : env_mapped_variables()) {
    for (const std::string& value : nasty) {
      if (++tried % kNastyStep != 0) continue;
      CAPTURE(variable.name, value);
      const Imported imported =
          import(std::string(kTwo) + kCustom + kAzure + kDial + kOpenRouter + std::string(variable.name) +
                 "='" + value + "'\nMY_TOKEN=" + kSecret + "\n");
      CHECK(imported.import.toml.find(kSecret) == std::string::npos);
      for (const EnvNote& note : imported.import.notes) {
        CHECK(note.message.find(kSecret) == std::string::npos);
        CHECK(note.message.find("u:p@h") == std::string::npos);
      }
    }
  }
}

TEST_CASE("env import: tools that are gone are left out and named, others are left out unnamed",
          "[cli][import]") {
  const Imported imported =
      import("DISABLED_TOOLS=clink,tracer,smart_file_query,refacter\nLEAN_TOOLS=clink\n");
  CHECK(imported.values.at("tools.disable") == R"(["tracer"])");
  CHECK(imported.values.at("tools.enable") == "[]");
  CHECK(imported.note("DISABLED_TOOLS").effect == "unusable");
  CHECK(imported.note("DISABLED_TOOLS").message ==
        "names what is no tool here, left out: clink, smart_file_query and 1 unknown (not shown)");
  CHECK(imported.note("LEAN_TOOLS").message == "names what is no tool here, left out: clink");
}

TEST_CASE("env import: values that are none keep the default, and say so without showing them",
          "[cli][import]") {
  const Imported imported = import(
      "EXAI_WS_GLOBAL_MAX_INFLIGHT=many\nLOG_LEVEL=loud\nCIRCUIT_BREAKER_ENABLED=perhaps\n"
      "LOCALE=!\nTOOL_PROFILE=small\nRETRY_ATTEMPTS=2.5\nGLM_API_KEY=x\nGLM_API_URL=ftp://x\n"
      "EXAI_WS_SESSION_MAX_INFLIGHT=0\n");
  for (const char* name : {"EXAI_WS_GLOBAL_MAX_INFLIGHT", "LOG_LEVEL", "CIRCUIT_BREAKER_ENABLED", "LOCALE",
                           "TOOL_PROFILE", "RETRY_ATTEMPTS", "GLM_API_URL"}) {
    CAPTURE(name);
    CHECK(imported.note(name).effect == "unusable");
    CHECK(imported.note(name).message.find("(value not shown)") != std::string::npos);
  }
  CHECK(imported.values.at("admission.calls_max") == "24");
  CHECK(imported.values.at("providers.glm.base_url") == R"("https://api.z.ai/api/paas/v4")");
  CHECK(imported.values.at("admission.owner_calls_max") == "1");
  CHECK(imported.note("EXAI_WS_SESSION_MAX_INFLIGHT").message == "is outside 1..100,000; 1 is taken");
}

TEST_CASE("env import: the first of two variables for one setting counts, the last of duplicates",
          "[cli][import]") {
  const Imported imported = import(
      "ZAI_API_KEY=aaaaaaaa\nGLM_API_KEY=bbbbbbbb\nRETRY_MAX_ATTEMPTS=5\nRETRY_ATTEMPTS=2\n"
      "LOG_LEVEL=DEBUG\nLOG_LEVEL=ERROR\nLOCALE=\n");
  CHECK(imported.values.at("providers.glm.key") == R"({ env = "GLM_API_KEY" })");
  CHECK(imported.note("ZAI_API_KEY").message == "providers.glm.key is taken from GLM_API_KEY");
  CHECK(imported.values.at("retry.attempts_max") == "2");
  CHECK(imported.values.at("log.level") == R"("error")");
  CHECK(imported.note("LOG_LEVEL").effect == "duplicate");
  CHECK(imported.note("LOG_LEVEL").message == "stands on line 6 again; the last one counts");
  CHECK(imported.note("LOCALE").effect == "unset");
  CHECK(imported.values.at("host.locale") == R"("en")");
}

TEST_CASE("env import: providers are whole or not there, and the default is one that is", "[cli][import]") {
  const Imported none = import(
      "EXAI_WS_KIMI_MAX_INFLIGHT=6\nAZURE_OPENAI_API_KEY=aaaaaaaa\nCUSTOM_MODEL_NAME=m\n"
      "DEFAULT_MODEL=glm-4.6\n");
  for (const char* table :
       {"providers.kimi", "providers.azure", "providers.custom", "host.default_provider"}) {
    CAPTURE(table);
    CHECK(none.adjusted(table));
  }
  CHECK(none.import.toml.find("[providers") == std::string::npos);
  const Imported two = import(kTwo);
  CHECK(two.values.at("host.default_provider") == R"("glm")");
  CHECK(two.values.at("providers.kimi.models") == R"(["kimi-k2-0905-preview", "kimi-thinking-preview"])");
  const Imported chosen = import(std::string(kTwo) + "DEFAULT_MODEL=moonshot-v1-8k\n");
  CHECK(chosen.values.at("providers.kimi.models") ==
        R"(["moonshot-v1-8k", "kimi-k2-0905-preview", "kimi-thinking-preview"])");
  CHECK(import(std::string(kTwo) + "DEFAULT_MODEL=auto\n").values.at("host.default_provider") == R"("glm")");
  const Imported allowed = import("XAI_API_KEY=aaaaaaaa\nXAI_ALLOWED_MODELS=grok-4\nDEFAULT_MODEL=grok-3\n");
  CHECK(allowed.values.at("providers.xai.models") == R"(["grok-4"])");
}

TEST_CASE("env import: unknown variables are named with a guess, and nothing of theirs is shown",
          "[cli][import]") {
  const Imported imported = import("WORKFLOW_TOOL_TIMEOUT_SEC=600\nXQ=" + std::string(kSecret) +
                                   "\nTOOLPOST_LOG__LEVEL=debug\nnot a line\n");
  CHECK(imported.note("WORKFLOW_TOOL_TIMEOUT_SEC").message ==
        "is none of the predecessor's variables; did you mean WORKFLOW_TOOL_TIMEOUT_SECS?");
  CHECK(imported.note("XQ").message == "is none of the predecessor's variables");
  CHECK(imported.note("TOOLPOST_LOG__LEVEL").message.starts_with("is Toolpost's own"));
  CHECK(imported.note("").effect == "bad_line");
  CHECK(imported.values.at("ceilings_long.tool_ms") == "660_000");
}

TEST_CASE("env import: mangled files are read to their end, and what comes out loads", "[cli][import]") {
  std::string whole = std::string(kTwo) + kCustom + kAzure + kDial + kOpenRouter;
  for (const Row& row : kRows)
    whole += std::string("export ") + row.variable + "=\"" + row.value + "\" # why\r\n";
  std::uint64_t state = 1;
  const auto next = [&state](std::size_t below) {  // xorshift64: the same files each time
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<std::size_t>(state % below);
  };
  constexpr std::string_view kOdd = "\"'\\#=\n\r$ {}[],.0\xff";
  for (int round = 0; round < kMangledFiles; ++round) {
    std::string mangled = whole;
    for (std::size_t left = 1 + next(20); left > 0; --left) {
      const std::size_t at = next(mangled.size());
      if (next(3) == 0) {
        mangled.erase(at, 1 + next(8));
      } else {
        mangled.insert(at, 1, kOdd[next(kOdd.size())]);
      }
    }
    CAPTURE(round, mangled);
    const EnvImport imported = import_env(mangled);
    for (const ConfigProblem& problem : imported.problems) FAIL_CHECK(to_string(problem));
    CHECK(imported.toml.find(kSecret) == std::string::npos);
  }
}
