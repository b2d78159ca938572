#pragma once
// The predecessor's environment variables, one row for each, with what becomes of it here. The rows are the
// one source of `toolpost config import` and of docs/migrating.md. Not for reading values (see env_import).

#include <span>
#include <string_view>

namespace toolpost {

/// Why a variable of another model list has no setting; rows of several tables say it.
inline constexpr std::string_view kCatalogue = "facts on models are in the catalogues of config/models";

enum class EnvFate {
  kept,     // a setting of the same meaning
  changed,  // a setting that means something else; `why` says what
  key,      // a secret: where it is gets named, its value never written
  gone,     // nothing here; `why` says why, or what to do instead
  dead      // nothing here, and it had no effect there either
};

/// How a value becomes that of the setting.
enum class EnvForm {
  none,
  count,              // a whole number
  bytes,              // the same, of bytes
  seconds,            // may have a fraction; milliseconds here
  largest_seconds,    // several variables share the setting: the largest counts
  hours,              // milliseconds here
  flag,               // true or false
  level,              // of the log
  profile,            // lean, standard, full
  locale,             // BCP 47
  list,               // words with commas; several variables add up
  text,               // as it is
  url,                // the base URL of a provider
  key,                // the key of a provider
  models,             // words with commas, added to the provider's models, or to several lists of it
  files_count,        // of Kimi's files in one call; 0 is no limit
  fallback_switch,    // false asks no second model
  tool_seconds,       // see import_ceiling()
  expert_seconds,     // the same
  lean_switch,        // true takes the lean profile
  lean_list,          // a list that also takes the lean profile
  retry_switch,       // false leaves one attempt
  resilience_switch,  // false leaves one attempt and no breaker
  provider_switch,    // false leaves the provider out
  providers_only,     // words with commas: others are left out
  providers_without,  // words with commas: these are left out
  default_model       // puts a model first, and its provider before others
};

struct EnvVariable {
  std::string_view name;
  EnvFate fate = EnvFate::gone;
  std::string_view setting;  // "section.key", several separated by spaces; empty: none
  EnvForm form = EnvForm::none;
  std::string_view why;  // a clause without a full stop; empty for kept ones and keys
};

/// Those that become something, in the order in which they count: of two for one setting the first wins.
std::span<const EnvVariable> env_mapped_variables();
/// Those of the last release but one that have nothing here, by topic.
std::span<const EnvVariable> env_gone_variables();
/// The same, of the last release and of its relative PAL.
std::span<const EnvVariable> env_later_variables();
/// Null for an unknown name.
const EnvVariable* find_env_variable(std::string_view name);

/// A provider that variables can configure.
struct EnvProvider {
  std::string_view name;
  std::string_view plugin;
  std::string_view base_url;  // empty: a variable must say it
  std::string_view models;    // the predecessor's own, for when no variable names any; with commas
  std::string_view begins;    // of its models' names, with commas
};
/// In the order in which one of them becomes the default provider.
std::span<const EnvProvider> env_providers();

}  // namespace toolpost
