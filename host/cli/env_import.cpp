#include "cli/env_import.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "base/text.hpp"
#include "cli/env_ceilings.hpp"
#include "cli/env_file.hpp"
#include "cli/env_providers.hpp"
#include "cli/env_toml.hpp"
#include "cli/env_variables.hpp"
#include "cli/migrated_tools.hpp"
#include "config/settings_load.hpp"
#include "config/toml_document.hpp"
#include "config/value_grammar.hpp"

namespace toolpost {
namespace {

constexpr const char* kHead =
    "# Made by `toolpost config import` from the variables named behind each line. Every setting with its "
    "meaning:\n"
    "# toolpost config print --defaults. Keys are not in this file and must not be: set the variables that "
    "`env` names\n"
    "# where the host starts, or write key = { file = \"/absolute/path\" }, a file of mode 0600.\n";

constexpr std::size_t kSecretBytesMin = 6;  // a shorter text is in other texts by chance

bool names_secret(std::string_view name) {
  for (const char* part : {"KEY", "TOKEN", "SECRET", "PASSWORD"})
    if (name.find(part) != std::string_view::npos) return true;
  return false;
}

std::optional<double> number_in(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && std::isfinite(value) && value >= 0 ? std::optional(value) : std::nullopt;
}

std::optional<bool> flag_in(const std::string& text) {
  const std::string word = lower(text);
  for (const char* yes : {"true", "1", "yes", "on", "enabled"})
    if (word == yes) return true;
  for (const char* no : {"false", "0", "no", "off", "disabled"})
    if (word == no) return false;
  return std::nullopt;
}

double factor(EnvForm form) {
  if (form == EnvForm::hours) return 3'600'000;
  return form == EnvForm::seconds || form == EnvForm::largest_seconds ? 1000 : 1;
}

class EnvImporter {
 public:
  explicit EnvImporter(const EnvFile& file) {
    for (const EnvFault& fault : file.faults) note("bad_line", "", fault.line, "", fault.message);
    for (const EnvEntry& entry : file.entries) {
      if (const auto earlier = entries_.find(entry.name); earlier != entries_.end())
        note("duplicate", entry.name, earlier->second.line, "",
             "stands on line " + std::to_string(entry.line) + " again; the last one counts");
      entries_[entry.name] = entry;
      if (names_secret(entry.name) && entry.value.size() >= kSecretBytesMin) secrets_.insert(entry.value);
    }
  }

  EnvImport import() {
    for (const EnvVariable& row : env_mapped_variables()) take(row);
    for (const EnvVariable& row : env_gone_variables()) take(row);
    for (const EnvVariable& row : env_later_variables()) take(row);
    for (const auto& [name, entry] : entries_)
      if (find_env_variable(name) == nullptr) note_unknown(entry);
    for (const auto& [name, list] : lists_) toml_.set_list(name, list.words, list.comment);
    for (const EnvProviderFault& fault : finish_providers(toml_, providers_))
      note("adjusted", "", 0, fault.setting, fault.message);
    keep_pairs();
    nest_ceilings(toml_, [this](const std::string& setting) {
      note("adjusted", "", 0, setting, "is " + toml_.line(setting)->value + " so that the ceilings nest");
    });
    // Total, and so without the buffer of a stable sort, which newer compilers call deprecated.
    std::sort(notes_.begin(), notes_.end(), [](const EnvNote& a, const EnvNote& b) {
      const auto place = [](const EnvNote& note) {
        return std::tuple(note.line == 0, note.line, note.variable, note.setting, note.effect, note.message);
      };
      return place(a) < place(b);
    });
    EnvImport result{kHead + toml_.text(), std::move(notes_), {}};
    result.problems = load_settings({{"the imported configuration", result.toml}}).problems;
    return result;
  }

 private:
  struct Words {
    std::vector<std::string> words;
    std::string comment;
  };

  void note(const char* effect, const std::string& variable, unsigned line, std::string_view setting,
            std::string message) {
    notes_.push_back({effect, variable, line, std::string(setting), std::move(message)});
  }
  void unusable(const EnvVariable& row, const EnvEntry& entry, const std::string& why) {
    note("unusable", entry.name, entry.line, row.setting,
         why + " (value not shown); " + std::string(row.setting) + " keeps its default");
  }

  void take(const EnvVariable& row) {
    const auto found = entries_.find(std::string(row.name));
    if (found == entries_.end()) return;
    const EnvEntry& entry = found->second;
    if (entry.value.empty()) return note("unset", entry.name, entry.line, row.setting, "");
    if (row.form == EnvForm::none) {
      const std::string dead = row.fate == EnvFate::dead ? "had no effect there either; " : "";
      return note("no_effect", entry.name, entry.line, "", dead + std::string(row.why));
    }
    const std::size_t before = notes_.size();
    const std::string setting = apply(row, entry);
    if (notes_.size() != before) return;  // it was refused, or more is to be said
    const char* effect = row.fate == EnvFate::key ? "key" : row.fate == EnvFate::kept ? "kept" : "changed";
    note(effect, entry.name, entry.line, setting,
         row.fate == EnvFate::key
             ? "set this variable where the host starts, or put the key into a file of mode 0600 "
               "and name that: key = { file = \"/absolute/path\" }"
             : std::string(row.why));
  }

  void note_unknown(const EnvEntry& entry) {
    std::string message = "is none of the predecessor's variables";
    std::vector<std::string> names;
    for (const auto& rows : {env_mapped_variables(), env_gone_variables(), env_later_variables()})
      for (const EnvVariable& row : rows) names.emplace_back(row.name);
    if (entry.name.starts_with("TOOLPOST_")) {
      message = "is Toolpost's own: set it where the host starts, or write the setting into the file";
    } else if (const auto guess = did_you_mean(entry.name, names)) {
      message += "; did you mean " + *guess + "?";
    }
    note("unknown", entry.name, entry.line, "", message);
  }

  /// Returns where the value went. A value that cannot be used leaves a note of its own.
  std::string apply(const EnvVariable& row, const EnvEntry& entry) {
    using Form = EnvForm;
    std::string setting(row.setting);
    switch (row.form) {
      case Form::count:
      case Form::bytes:
      case Form::seconds:
      case Form::hours:
      case Form::largest_seconds:
        take_number(row, entry);
        return setting;
      case Form::files_count:
        take_files_count(row, entry);
        return setting;
      case Form::tool_seconds:
      case Form::expert_seconds:
        return take_ceiling(row, entry);
      case Form::flag:
      case Form::lean_switch:
      case Form::retry_switch:
      case Form::resilience_switch:
      case Form::fallback_switch:
      case Form::provider_switch:
        take_flag(row, entry);
        return setting;
      default:
        take_text(row, entry);
        return setting;
    }
  }

  void take_number(const EnvVariable& row, const EnvEntry& entry) {
    const auto value = number_in(entry.value);
    const bool whole = row.form != EnvForm::count && row.form != EnvForm::bytes;
    if (!value || (!whole && *value != std::floor(*value)))
      return unusable(row, entry, whole ? "is no number of at least 0" : "is no whole number of at least 0");
    for (const std::string& setting : split(row.setting, ' ')) {
      const double wanted = *value * factor(row.form);
      const EnvToml::Line* const there = toml_.line(setting);
      if (there != nullptr && (row.form != EnvForm::largest_seconds || there->number >= wanted))
        return note("no_effect", entry.name, entry.line, setting,
                    setting + " is taken from " + there->comment);
      if (!toml_.set_number(setting, wanted, entry.name))
        note("changed", entry.name, entry.line, setting,
             "is outside " + EnvToml::range(setting) + "; " + toml_.line(setting)->value + " is taken");
    }
  }

  void take_files_count(const EnvVariable& row, const EnvEntry& entry) {
    constexpr double kFilesMax = 64;  // of the plugin's own schema
    const auto value = number_in(entry.value);
    if (!value || *value != std::floor(*value))
      return unusable(row, entry, "is no whole number of at least 0");
    if (*value == 0) return;
    const double files = std::min(*value, kFilesMax);
    const auto settings = split(row.setting, ' ');
    toml_.set(settings[0], std::to_string(static_cast<int>(files)), entry.name);
    if (files + 1 > toml_.number(settings[1])) toml_.set_number(settings[1], files + 1, entry.name);
  }

  std::string take_ceiling(const EnvVariable& row, const EnvEntry& entry) {
    const auto value = number_in(entry.value);
    if (!value) {
      unusable(row, entry, "is no number of at least 0");
      return "";
    }
    const char* key = row.form == EnvForm::tool_seconds ? "tool_ms" : "expert_ms";
    const ImportedCeiling imported = import_ceiling(toml_, key, *value * 1000, entry.name);
    const char* longest = imported.moved ? "is more than a day, which is the longest; " : "";
    note("changed", entry.name, entry.line, imported.setting, longest + imported.meaning);
    return imported.setting;
  }

  void take_flag(const EnvVariable& row, const EnvEntry& entry) {
    const auto value = flag_in(entry.value);
    if (!value) return unusable(row, entry, "is neither true nor false");
    const std::string setting(row.setting);
    switch (row.form) {
      case EnvForm::lean_switch:
        if (*value && !toml_.has("tools.profile")) toml_.set("tools.profile", "\"lean\"", entry.name);
        return;
      case EnvForm::retry_switch:
        if (!*value) toml_.set_number("retry.attempts_max", 1, entry.name);
        return;
      case EnvForm::resilience_switch:
        if (*value) return;
        toml_.set_number("retry.attempts_max", 1, entry.name);
        toml_.set("breaker.enabled", "false", entry.name);
        return;
      case EnvForm::fallback_switch:
        if (!*value) toml_.set_number("models.fallbacks_max", 0, entry.name);
        return;
      case EnvForm::provider_switch:
        if (!*value) providers_.without.push_back(setting.substr(setting.find('.') + 1));
        return;
      default:
        if (!toml_.has(setting)) toml_.set(setting, *value ? "true" : "false", entry.name);
    }
  }

  void take_text(const EnvVariable& row, const EnvEntry& entry) {
    const std::string setting(row.setting);
    if (row.form == EnvForm::key) {
      if (toml_.has(setting))
        return note("no_effect", entry.name, entry.line, setting,
                    setting + " is taken from " + toml_.line(setting)->comment);
      return toml_.set(setting, "{ env = \"" + entry.name + "\" }", entry.name);
    }
    for (const std::string& secret : secrets_)
      if (entry.value.find(secret) != std::string::npos) return unusable(row, entry, "holds a key");
    if (std::any_of(entry.value.begin(), entry.value.end(),
                    [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
      return unusable(row, entry, "holds a line end or another control character");
    if (const std::string fault = take_word(row, entry); !fault.empty()) unusable(row, entry, fault);
  }

  std::vector<std::string> words_in(const std::string& text) const {
    std::vector<std::string> words;
    for (std::string word : split(text, ',')) {
      word.erase(0, word.find_first_not_of(' '));
      word.erase(word.find_last_not_of(' ') + 1);
      if (!word.empty() && std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
    }
    return words;
  }

  void add_words(const std::string& setting, const std::vector<std::string>& words,
                 const std::string& variable) {
    Words& list = lists_[setting];
    for (const std::string& word : words)
      if (std::find(list.words.begin(), list.words.end(), word) == list.words.end())
        list.words.push_back(word);
    list.comment += (list.comment.empty() ? "" : ", ") + variable;
  }

  /// Takes names out that no tool has here: a host with one of them does not start. Says which, as far as the
  /// predecessor had them; anything else is not shown.
  static std::string take_gone_tools(std::vector<std::string>& words) {
    std::string gone;
    std::size_t others = 0;
    std::erase_if(words, [&](const std::string& word) {
      for (const MigratedTool& tool : migrated_tools()) {
        if (tool.here == word) return false;
        if (tool.name != word) continue;
        gone += (gone.empty() ? "" : ", ") + word;
        return true;
      }
      ++others;
      return true;
    });
    if (others > 0) gone += (gone.empty() ? "" : " and ") + std::to_string(others) + " unknown (not shown)";
    return gone;
  }

  /// What is wrong with the value, or nothing.
  std::string take_word(const EnvVariable& row, const EnvEntry& entry) {
    const std::string setting(row.setting);
    const std::string word = lower(entry.value);
    switch (row.form) {
      case EnvForm::level: {
        const std::map<std::string, const char*> levels = {
            {"debug", "debug"}, {"info", "info"},      {"warn", "warn"},   {"warning", "warn"},
            {"error", "error"}, {"critical", "error"}, {"trace", "debug"}, {"fatal", "error"}};
        const auto level = levels.find(word);
        if (level == levels.end()) return "is no level of DEBUG, INFO, WARNING, ERROR, CRITICAL";
        toml_.set(setting, toml_quoted(level->second), entry.name);
        return "";
      }
      case EnvForm::profile:
        if (word != "lean" && word != "standard" && word != "full") return "is none of lean, standard, full";
        toml_.set(setting, toml_quoted(word), entry.name);
        return "";
      case EnvForm::locale: {
        std::string tag = entry.value.substr(0, entry.value.find('.'));  // fr_FR.UTF-8
        std::replace(tag.begin(), tag.end(), '_', '-');
        if (!locale_fault(tag).empty()) return "is no language tag like en or pt-BR";
        toml_.set(setting, toml_quoted(tag), entry.name);
        return "";
      }
      case EnvForm::url:
        return take_url(setting, entry);
      case EnvForm::list:
      case EnvForm::lean_list: {
        if (row.form == EnvForm::lean_list) toml_.set("tools.profile", "\"lean\"", entry.name);
        std::vector<std::string> words = words_in(entry.value);
        if (const std::string gone = setting.starts_with("tools.") ? take_gone_tools(words) : "";
            !gone.empty())
          note("unusable", entry.name, entry.line, row.setting,
               "names what is no tool here, left out: " + gone);
        if (!words.empty()) add_words(setting.substr(0, setting.find(' ')), words, entry.name);
        return "";
      }
      case EnvForm::models:
        for (const std::string& one : split(setting, ' ')) add_words(one, words_in(entry.value), entry.name);
        return "";
      case EnvForm::providers_only:
        providers_.only = words_in(word);
        return "";
      case EnvForm::providers_without:
        for (const std::string& name : words_in(word)) providers_.without.push_back(name);
        return "";
      case EnvForm::default_model:
        if (word != "auto") providers_.default_model = entry.value;
        return "";
      default:
        toml_.set(setting, toml_quoted(entry.value), entry.name);
        return "";
    }
  }

  std::string take_url(const std::string& setting, const EnvEntry& entry) {
    if (const EnvToml::Line* there = toml_.line(setting)) {
      note("no_effect", entry.name, entry.line, setting, setting + " is taken from " + there->comment);
      return "";
    }
    std::string url = entry.value;
    while (url.ends_with('/')) url.pop_back();
    if (const std::string fault = url_fault(url); !fault.empty()) return "is no usable URL: " + fault;
    toml_.set(setting, toml_quoted(url), entry.name);
    return "";
  }

  /// The smaller of each pair may have been set alone.
  void keep_pairs() {
    for (const auto& [base, max] : {std::pair("retry.backoff_base_ms", "retry.backoff_max_ms"),
                                    std::pair("breaker.open_base_ms", "breaker.open_max_ms")}) {
      if (toml_.number(base) <= toml_.number(max)) continue;
      if (toml_.set_number(max, toml_.number(base), "not less than the first")) {
        note("adjusted", "", 0, max, "is " + toml_.line(max)->value + ", not less than " + base);
      } else {
        toml_.set_number(base, toml_.number(max), "not more than the last");
        note("adjusted", "", 0, base, "is " + toml_.line(base)->value + ", not more than " + max);
      }
    }
  }

  std::map<std::string, EnvEntry> entries_;  // by name; the last of each
  std::set<std::string> secrets_;
  EnvToml toml_;
  std::map<std::string, Words> lists_;  // by setting
  EnvProviderWishes providers_;
  std::vector<EnvNote> notes_;
};

}  // namespace

EnvImport import_env(std::string_view text) {
  return EnvImporter(parse_env_file(text)).import();
}

}  // namespace toolpost
