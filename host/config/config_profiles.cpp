#include "config/config_profiles.hpp"

#include <cstdlib>
#include <span>

#include "base/text.hpp"
#include "config/setting_value.hpp"
#include "config/settings_schema.hpp"

namespace toolpost {
namespace {

struct ProfileLine {
  std::string_view name;    // "section.key"
  std::string_view value;   // as TOML
  std::string_view reason;  // empty: the value in words, if that says more
};

constexpr std::string_view kMinimal = R"([providers.local]
base_url = "http://127.0.0.1:8000/v1"
models = ["my-model"]
# A hosted server needs a key: name the variable, file or command that holds it, never the key itself.
# key = { env = "MY_API_KEY" }
)";

constexpr std::string_view kHardenedHead =
    R"(# For machines where plugins or callers are not trusted: stronger isolation, smaller limits, fewer calls at once.
# Start from here and raise what your work needs; docs/config.md has every setting.
)";

constexpr ProfileLine kHardened[] = {
    {"limits.message_bytes_max", "1_048_576", ""},
    {"limits.output_bytes_max", "1_048_576", ""},
    {"limits.depth_max", "32", ""},
    {"limits.nodes_max", "50_000", ""},
    {"limits.keys_max", "256", ""},
    {"limits.string_bytes_max", "1_048_576", ""},
    {"turns.turn_max_ms", "2_000", ""},
    {"turns.effects_max", "64", ""},
    {"turns.turns_max", "64", ""},
    {"turns.journal_bytes_max", "16_777_216", ""},
    {"turns.provider_calls_max", "4", ""},
    {"admission.calls_max", "8", ""},
    {"admission.owner_calls_max", "4", ""},
    {"admission.plugin_calls_max", "4", ""},
    {"admission.queue_size_max", "32", ""},
    {"workers.reuse", "\"call\"", "nothing of one call is left in memory for the next"},
    {"workers.workers_max", "2", ""},
    {"workers.total_max", "16", ""},
    {"workers.queue_ahead_max", "1", ""},
    {"workers.turns_max", "1_000", ""},
    {"workers.memory_bytes_max", "268_435_456", ""},
    {"workers.file_bytes_max", "0", "plugins write no files"},
    {"workers.log_lines_max", "50", ""},
    {"workers.stdio_bytes_max", "16_384", ""},
    {"isolation.min_level", "3", "refuse plugins unless Landlock is there too"},
    {"isolation.level_max", "4", "and use namespaces where the kernel permits them"},
    {"files.file_bytes_max", "524_288", ""},
    {"files.total_bytes_max", "4_194_304", ""},
    {"files.files_max", "16", ""},
    {"git.time_max_ms", "5_000", ""},
    {"git.output_bytes_max", "524_288", ""},
    {"git.files_max", "200", ""},
    {"files.deny", "[\"secrets.yaml\", \"credentials.json\", \"terraform.tfstate\"]", ""},
    {"http.redirects_max", "0", ""},
    {"http.body_bytes_max", "4_194_304", ""},
    {"http.connections_max", "16", ""},
    {"store.thread_ttl_ms", "3_600_000", ""},
    {"store.thread_bytes_max", "1_048_576", ""},
    {"store.value_bytes_max", "262_144", ""},
};

constexpr std::string_view kContainerHead =
    R"(# For a container: fixed places that volumes are mounted on, and limits for one or two processors and a gibibyte.
# Mount /var/lib/toolpost (writable), /opt/toolpost/plugins and the project on /work (both read-only).
)";

constexpr std::string_view kContainerTail = R"(
# Docker and Kubernetes hand secrets over as files; they must belong to the user that runs toolpost, with mode 0600.
# [providers.main]
# base_url = "https://api.example.com/v1"
# models = ["example-large"]
# key = { file = "/run/secrets/main_key" }
)";

constexpr ProfileLine kContainer[] = {
    {"host.plugin_folders", "[\"/opt/toolpost/plugins\"]", "mounted read-only"},
    {"admission.calls_max", "12", ""},
    {"admission.queue_size_max", "64", ""},
    {"workers.workers_max", "2", ""},
    {"workers.total_max", "12", "half of the gibibyte if each uses 40 MiB"},
    {"workers.memory_bytes_max", "268_435_456", ""},
    {"isolation.min_level", "2", "seccomp works in every container; Landlock needs a kernel that has it"},
    {"isolation.level_max", "3", "most containers forbid namespaces inside"},
    {"files.roots", "[\"/work\"]", "the project"},
    {"http.connections_max", "32", ""},
    {"store.state_dir", "\"/var/lib/toolpost\"", "a volume, so that threads outlive the container"},
    {"log.level", "\"info\"", "to standard error, where the container's log is"},
};

const SettingSpec* find_spec(std::string_view section, std::string_view key) {
  for (const Setting<Settings>& setting : host_settings())
    if (setting.spec.section == section && setting.spec.key == key) return &setting.spec;
  return nullptr;
}

/// The value in words: "1 MiB" for 1_048_576 bytes.
std::string in_words(const SettingSpec& spec, std::string_view value) {
  std::string digits;
  for (const char c : value)
    if (c != '_') digits += c;
  char* end = nullptr;
  const double number = std::strtod(digits.c_str(), &end);
  return end == digits.c_str() ? "" : human_text(spec, number);
}

// In the order of the schema; a line whose setting is not there any more would be lost, which the tests
// count.
std::string profile_text(std::string_view head, std::span<const ProfileLine> lines, std::string_view tail) {
  std::string out(head);
  for (const SectionSpec& section : section_specs()) {
    bool begun = false;
    for (const ProfileLine& line : lines) {
      const std::size_t dot = line.name.find('.');
      if (line.name.substr(0, dot) != section.name) continue;
      const SettingSpec* spec = find_spec(section.name, line.name.substr(dot + 1));
      if (spec == nullptr) continue;
      if (!begun) out += "\n[" + std::string(section.name) + "]\n";
      begun = true;
      const std::string words = line.reason.empty() ? in_words(*spec, line.value) : std::string(line.reason);
      out += std::string(spec->key) + " = " + std::string(line.value) +
             (words.empty() ? "" : "  # " + words) + "\n";
    }
  }
  return out.append(tail);
}

}  // namespace

std::vector<std::string> config_profile_names() {
  return {"minimal", "hardened", "container"};
}

Result<std::string> config_profile(std::string_view name) {
  if (name == "minimal") return std::string(kMinimal);
  if (name == "hardened") return profile_text(kHardenedHead, kHardened, "");
  if (name == "container") return profile_text(kContainerHead, kContainer, kContainerTail);
  const auto guess = did_you_mean(name, config_profile_names());
  return Error{Errc::not_found, "there is no profile \"" + plain_excerpt(name) +
                                    "\"; there are minimal, hardened and container" +
                                    (guess ? "; did you mean " + *guess + "?" : "")};
}

}  // namespace toolpost
