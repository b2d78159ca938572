#pragma once
// The configuration that an import writes, setting by setting. Numbers are held against the table of
// settings, so none can be out of its range. Not for what a variable means (see env_import).

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings_schema.hpp"

namespace toolpost {

class EnvToml {
 public:
  struct Line {
    std::string value;               // as TOML
    double number = 0;               // of one
    std::vector<std::string> words;  // of a list
    std::string comment;             // where it comes from
  };
  using Table = std::map<std::string, Line>;  // by key

  bool has(const std::string& name) const { return line(name) != nullptr; }
  const Line* line(const std::string& name) const;
  void set(const std::string& name, std::string toml, std::string_view comment);
  /// Takes `value` into the setting's range, whole; false when it had to be moved.
  bool set_number(const std::string& name, double value, std::string_view comment);
  /// What is set, or the default.
  double number(const std::string& name) const;
  void set_list(const std::string& name, const std::vector<std::string>& words, std::string_view comment);
  bool has_table(const std::string& name) const { return tables_.contains(name); }
  void drop_table(const std::string& name) { tables_.erase(name); }

  /// Tables in the order of config/toolpost.toml, then plugins and providers by name.
  std::string text() const;

  /// "1..10" or "1,000..86,400,000"; for messages.
  static std::string range(const std::string& name);

 private:
  std::map<std::string, Table> tables_;  // "ceilings", "providers.glm"
};

/// "providers.glm.config.stream" is the key "config.stream" of "providers.glm", and
/// `plugins."a.b".config.c` the key "config.c" of `plugins."a.b"`.
std::pair<std::string, std::string> table_and_key(const std::string& name);

}  // namespace toolpost
