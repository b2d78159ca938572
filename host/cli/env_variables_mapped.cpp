// The variables that become settings. In the order in which they count.
#include <algorithm>
#include <array>

#include "cli/env_variables.hpp"

namespace toolpost {
namespace {

using enum EnvFate;
using Form = EnvForm;

constexpr EnvProvider kProviders[] = {
    {"glm", "glm", "https://api.z.ai/api/paas/v4", "glm-4.5-flash,glm-4.5", "glm"},
    {"kimi", "kimi", "https://api.moonshot.ai/v1", "kimi-k2-0905-preview,kimi-thinking-preview",
     "kimi,moonshot"},
    {"gemini", "gemini", "https://generativelanguage.googleapis.com/v1beta", "", "gemini"},
    {"openai", "openai", "https://api.openai.com/v1", "", "gpt,o1,o3,o4"},
    {"xai", "openai", "https://api.x.ai/v1", "", "grok"},
    {"azure", "openai", "", "", ""},
    {"dial", "openai", "", "", ""},
    {"custom", "openai", "", "llama3.2", "llama"},
    {"openrouter", "openai", "https://openrouter.ai/api/v1", "", ""},
};

constexpr std::string_view kSecond = "counts when the variables before it in this table are not set";
constexpr std::string_view kModels =
    "only the list of models offered, of which `auto` chooses; no tool has a model of its own";
constexpr std::string_view kPreferred =
    "these models are offered, and `auto` likes them in this order; only the example file knew the variable";
constexpr std::string_view kLargest = "one setting for all providers; the largest of these variables counts";
constexpr std::string_view kBreaker = "was not read by the providers there, and is in force here";
constexpr std::string_view kRetry =
    "the host alone retries, with jitter and within a budget; the first attempt counts";
constexpr std::string_view kDisable = "holds for every client; the tool is not there at all";
constexpr std::string_view kAllowed = "aliases are not resolved: give the names as the server knows them";

constexpr EnvVariable kRows[] = {
    // Keys, and where providers are.
    {"GLM_API_KEY", key, "providers.glm.key", Form::key, ""},
    {"ZHIPUAI_API_KEY", key, "providers.glm.key", Form::key, ""},
    {"ZAI_API_KEY", key, "providers.glm.key", Form::key, ""},
    {"KIMI_API_KEY", key, "providers.kimi.key", Form::key, ""},
    {"MOONSHOT_API_KEY", key, "providers.kimi.key", Form::key, ""},
    {"CUSTOM_API_KEY", key, "providers.custom.key", Form::key, ""},
    {"OPENROUTER_API_KEY", key, "providers.openrouter.key", Form::key, ""},
    {"OPENAI_API_KEY", key, "providers.openai.key", Form::key, ""},
    {"GEMINI_API_KEY", key, "providers.gemini.key", Form::key, ""},
    {"XAI_API_KEY", key, "providers.xai.key", Form::key, ""},
    {"AZURE_OPENAI_API_KEY", key, "providers.azure.key", Form::key, ""},
    {"DIAL_API_KEY", key, "providers.dial.key", Form::key, ""},
    {"GLM_API_URL", kept, "providers.glm.base_url", Form::url, ""},
    {"ZHIPUAI_API_URL", changed, "providers.glm.base_url", Form::url, kSecond},
    {"GLM_BASE_URL", changed, "providers.glm.base_url", Form::url, kSecond},
    {"ZAI_BASE_URL", changed, "providers.glm.base_url", Form::url, kSecond},
    {"ZHIPUAI_BASE_URL", changed, "providers.glm.base_url", Form::url, kSecond},
    {"KIMI_API_URL", kept, "providers.kimi.base_url", Form::url, ""},
    {"MOONSHOT_API_URL", changed, "providers.kimi.base_url", Form::url, kSecond},
    {"KIMI_BASE_URL", changed, "providers.kimi.base_url", Form::url, kSecond},
    {"MOONSHOT_BASE_URL", changed, "providers.kimi.base_url", Form::url, kSecond},
    {"CUSTOM_API_URL", kept, "providers.custom.base_url", Form::url, ""},
    {"GEMINI_BASE_URL", changed, "providers.gemini.base_url", Form::url,
     "`/v1beta` is added when it has no path"},
    {"AZURE_OPENAI_ENDPOINT", changed, "providers.azure.base_url", Form::url,
     "`/openai` is added, or `/openai/v1` when AZURE_OPENAI_API_VERSION is not set"},
    {"DIAL_API_HOST", changed, "providers.dial.base_url", Form::url,
     "`/openai` is added, and DIAL is spoken to as Azure is; no DIAL server has been tried"},
    {"ENABLE_CUSTOM", changed, "providers.custom", Form::provider_switch,
     "false leaves the provider out; without it CUSTOM_API_URL is enough"},
    {"ENABLE_OPENROUTER", changed, "providers.openrouter", Form::provider_switch,
     "false leaves the provider out; without it OPENROUTER_API_KEY is enough"},
    {"ALLOWED_PROVIDERS", changed, "providers", Form::providers_only, "the others are left out of the file"},
    {"DISABLED_PROVIDERS", changed, "providers", Form::providers_without, "these are left out of the file"},
    // Models.
    {"DEFAULT_MODEL", changed, "host.default_provider", Form::default_model,
     "becomes the first model of its provider, and that the default provider; `auto` needs neither"},
    {"GLM_DEFAULT_MODEL", changed, "providers.glm.models", Form::models, kModels},
    {"GLM_SPEED_MODEL", changed, "providers.glm.models", Form::models, kModels},
    {"GLM_QUALITY_MODEL", changed, "providers.glm.models", Form::models, kModels},
    {"GLM_PREFERRED_MODELS", changed, "providers.glm.models providers.glm.models_preferred", Form::models,
     kPreferred},
    {"KIMI_DEFAULT_MODEL", changed, "providers.kimi.models", Form::models, kModels},
    {"KIMI_SPEED_MODEL", changed, "providers.kimi.models", Form::models, kModels},
    {"KIMI_QUALITY_MODEL", changed, "providers.kimi.models", Form::models, kModels},
    {"KIMI_THINKING_MODEL", changed, "providers.kimi.models", Form::models, kModels},
    {"KIMI_PREFERRED_MODELS", changed, "providers.kimi.models providers.kimi.models_preferred", Form::models,
     kPreferred},
    {"KIMI_INTENT_MODEL", changed, "plugins.\"dev.toolpost.kimi_tools\".config.intent_model", Form::text,
     "without it `kimi_intent_analysis` lets `auto` choose among Kimi's models"},
    {"FALLBACK_ON_FAILURE", changed, "models.fallbacks_max", Form::fallback_switch,
     "false asks no other model when the chosen one fails; else models.fallbacks_max are asked, not all, and "
     "none when a model was named"},
    {"CUSTOM_MODEL_NAME", kept, "providers.custom.models", Form::models, ""},
    {"OPENAI_ALLOWED_MODELS", changed, "providers.openai.models_allowed", Form::list, kAllowed},
    {"GOOGLE_ALLOWED_MODELS", changed, "providers.gemini.models_allowed", Form::list, kAllowed},
    {"XAI_ALLOWED_MODELS", changed, "providers.xai.models_allowed", Form::list, kAllowed},
    {"OPENROUTER_ALLOWED_MODELS", changed, "providers.openrouter.models_allowed", Form::list, kAllowed},
    {"DIAL_ALLOWED_MODELS", changed, "providers.dial.models_allowed", Form::list, kAllowed},
    {"AZURE_OPENAI_ALLOWED_MODELS", changed, "providers.azure.models_allowed", Form::list, kAllowed},
    {"AZURE_OPENAI_API_VERSION", kept, "providers.azure.config.api_version", Form::text, ""},
    {"DIAL_API_VERSION", changed, "providers.dial.config.api_version", Form::text,
     "DIAL is spoken to as Azure is; no DIAL server has been tried"},
    {"OPENROUTER_REFERER", kept, "providers.openrouter.config.headers.http-referer", Form::text, ""},
    {"OPENROUTER_TITLE", kept, "providers.openrouter.config.headers.x-title", Form::text, ""},
    {"GLM_WEBSEARCH_ENGINE", changed, "providers.glm.config.search_engine", Form::text,
     "holds for searches within a chat too"},
    {"GLM_STREAM_ENABLED", changed, "providers.glm.config.stream", Form::flag,
     "answers are streamed unless it is false; a stream is cut when it stalls, and shows progress"},
    {"KIMI_FILES_MAX_COUNT", changed,
     "plugins.\"dev.toolpost.kimi_tools\".config.files_max turns.provider_calls_max", Form::files_count,
     "at most 64, for every tool that sends files to Kimi; each file is a provider call, so "
     "turns.provider_calls_max grows with it; 0 keeps the limit of 7"},
    // Times.
    {"WORKFLOW_TOOL_TIMEOUT_SECS", changed, "ceilings.tool_ms ceilings_long.tool_ms", Form::tool_seconds,
     "a limit for every tool call; 60 s or less are ceilings.tool_ms, more are ceilings_long.tool_ms, which "
     "holds for durable "
     "calls and `toolpost call --patient`, since clients give up after 60 s; 0 switches both off, and the "
     "expert and daemon "
     "ceilings still hold. Nothing else is derived from it"},
    {"EXPERT_ANALYSIS_TIMEOUT_SECS", changed, "ceilings.expert_ms ceilings_long.expert_ms",
     Form::expert_seconds,
     "bounds the whole tool call once it asks an expert, counted from its acceptance; 60 s or less are "
     "ceilings.expert_ms, more "
     "are ceilings_long.expert_ms, 0 switches both off"},
    {"GLM_TIMEOUT_SECS", changed, "ceilings.provider_ms", Form::largest_seconds, kLargest},
    {"KIMI_TIMEOUT_SECS", changed, "ceilings.provider_ms", Form::largest_seconds, kLargest},
    {"GLM_STREAM_TIMEOUT", changed, "ceilings_long.provider_ms", Form::largest_seconds, kLargest},
    {"KIMI_STREAM_TIMEOUT", changed, "ceilings_long.provider_ms", Form::largest_seconds, kLargest},
    {"FILE_UPLOAD_TIMEOUT_SECS", changed, "ceilings.upload_ms ceilings_long.upload_ms", Form::largest_seconds,
     kLargest},
    {"GLM_FILE_UPLOAD_TIMEOUT_SECS", changed, "ceilings.upload_ms ceilings_long.upload_ms",
     Form::largest_seconds, kLargest},
    {"KIMI_FILES_UPLOAD_TIMEOUT_SECS", changed, "ceilings.upload_ms ceilings_long.upload_ms",
     Form::largest_seconds, kLargest},
    {"UPLOAD_TIMEOUT", changed, "ceilings.upload_ms ceilings_long.upload_ms", Form::largest_seconds,
     kLargest},
    {"KIMI_CONNECT_TIMEOUT_SECS", changed, "http.connect_ms", Form::largest_seconds, kLargest},
    {"CUSTOM_CONNECT_TIMEOUT", changed, "http.connect_ms", Form::largest_seconds, kLargest},
    {"EXAI_WS_PROGRESS_INTERVAL_SECS", kept, "deadlines.progress_interval_ms", Form::seconds, ""},
    // How much at once.
    {"EXAI_WS_GLOBAL_MAX_INFLIGHT", changed, "admission.calls_max", Form::count,
     "what is more waits in a fair queue (admission.queue_wait_max_ms) before it is refused"},
    {"EXAI_WS_SESSION_MAX_INFLIGHT", changed, "admission.owner_calls_max", Form::count,
     "counts the calls of an owner, not of a connection; what is more waits first"},
    {"EXAI_WS_GLM_MAX_INFLIGHT", changed, "providers.glm.concurrency_max", Form::count,
     "counts attempts at the provider that really answers; what is more waits first"},
    {"EXAI_WS_KIMI_MAX_INFLIGHT", changed, "providers.kimi.concurrency_max", Form::count,
     "counts attempts at the provider that really answers; what is more waits first"},
    {"EXAI_WS_MAX_BYTES", changed, "limits.message_bytes_max", Form::bytes,
     "one message of a client; single strings have limits.string_bytes_max"},
    // Failures.
    {"RETRY_ATTEMPTS", changed, "retry.attempts_max", Form::count, kRetry},
    {"RETRY_MAX_ATTEMPTS", changed, "retry.attempts_max", Form::count, kRetry},
    {"RETRY_BACKOFF_BASE", changed, "retry.backoff_base_ms", Form::seconds, kRetry},
    {"RETRY_BASE_DELAY", changed, "retry.backoff_base_ms", Form::seconds, kRetry},
    {"RETRY_BACKOFF_MAX", changed, "retry.backoff_max_ms", Form::seconds, kRetry},
    {"RETRY_MAX_DELAY", changed, "retry.backoff_max_ms", Form::seconds, kRetry},
    {"RESILIENCE_ENABLED", changed, "breaker.enabled retry.attempts_max", Form::resilience_switch,
     "false switches the breaker off and leaves one attempt"},
    {"RESILIENCE_RETRY_ENABLED", changed, "retry.attempts_max", Form::retry_switch,
     "false leaves one attempt"},
    {"CIRCUIT_BREAKER_ENABLED", changed, "breaker.enabled", Form::flag,
     "one breaker for each provider and model; on unless it is false"},
    {"RESILIENCE_CIRCUIT_BREAKER_ENABLED", changed, "breaker.enabled", Form::flag,
     "one breaker for each provider and model; on unless it is false"},
    {"CIRCUIT_BREAKER_THRESHOLD", changed, "breaker.failures_max", Form::count, kBreaker},
    {"CIRCUIT_BREAKER_FAILURE_THRESHOLD", changed, "breaker.failures_max", Form::count, kBreaker},
    {"CIRCUIT_BREAKER_TIMEOUT_SECS", changed, "breaker.open_base_ms", Form::seconds, kBreaker},
    {"CIRCUIT_BREAKER_RECOVERY_TIMEOUT_SECS", changed, "breaker.open_base_ms", Form::seconds, kBreaker},
    {"CIRCUIT_BREAKER_TIMEOUT", changed, "breaker.open_base_ms", Form::seconds, kBreaker},
    // Threads, tools, the host.
    {"CONVERSATION_TIMEOUT_HOURS", changed, "store.thread_ttl_ms", Form::hours,
     "counts from the last turn, and a restart loses nothing"},
    {"MAX_CONVERSATION_TURNS", changed, "store.thread_turns_max", Form::count,
     "every tool call that ends well is one turn"},
    {"TOOL_PROFILE", changed, "tools.profile", Form::profile,
     "what tools/list names; the sets are those of docs/tools.md, and the other tools still answer by name"},
    {"LEAN_MODE", changed, "tools.profile", Form::lean_switch,
     "true takes the profile lean; see docs/tools.md for its set"},
    {"LEAN_TOOLS", changed, "tools.enable", Form::list, "are named besides those of the profile"},
    {"ENABLED_TOOLS", changed, "tools.enable tools.profile", Form::lean_list,
     "takes the profile lean and names these besides; it takes no tool away (tools.disable does)"},
    {"DISABLED_TOOLS", kept, "tools.disable", Form::list, ""},
    {"CLIENT_TOOL_DENYLIST", changed, "tools.disable", Form::list, kDisable},
    {"CLAUDE_TOOL_DENYLIST", changed, "tools.disable", Form::list, kDisable},
    {"LOCALE", changed, "host.locale", Form::locale, "the language of answers only; it chooses no provider"},
    {"LOG_LEVEL", changed, "log.level", Form::level,
     "one level for all parts; arguments and answers are never logged"},
};

}  // namespace

std::span<const EnvProvider> env_providers() {
  return kProviders;
}

std::span<const EnvVariable> env_mapped_variables() {
  return kRows;
}

const EnvVariable* find_env_variable(std::string_view name) {
  for (const auto& rows : {env_mapped_variables(), env_gone_variables(), env_later_variables()}) {
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&](const EnvVariable& row) { return row.name == name; });
    if (found != rows.end()) return &*found;
  }
  return nullptr;
}

}  // namespace toolpost
