#include "config/settings_load.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.hpp"
#include "config/setting_value.hpp"
#include "config/settings_rules.hpp"
#include "config/settings_schema.hpp"
#include "config/toml_document.hpp"
#include "config/value_grammar.hpp"

namespace toolpost {
namespace {

constexpr std::size_t kProblemsMax = 100;

// Where a value comes from; the source's number sorts problems in the order of reading.
struct Origin {
  std::size_t source = 0;
  std::string file;
  unsigned line = 0, column = 0;
  bool faulty = false;   // rules about it would only repeat the fault
  std::string variable;  // empty: a file
};

/// As variables spell the name of a setting.
std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

std::string guess_text(const std::optional<std::string>& guess) {
  return guess ? "; did you mean " + *guess + "?" : "";
}

class SettingsLoader {
 public:
  void read(const ConfigSource& source);
  void override_with(const std::string& variable, const std::string& value);
  void next_source(const std::string& file) { file_ = file, ++source_; }
  SettingsOutcome finish();

 private:
  // By source, line and column; equal ones stay in the order of finding.
  using Placed = std::multimap<std::tuple<std::size_t, unsigned, unsigned>, ConfigProblem>;

  template <typename Owner>
  void apply(std::span<const Setting<Owner>> table, std::string_view section, const std::string& prefix,
             Owner& owner, const TomlNode& node);
  template <typename Owner>
  void read_tables(const char* section, std::map<std::string, Owner>& owners,
                   std::span<const Setting<Owner>> table, const TomlNode& node);
  void read_section(const TomlNode& node);
  void unknown_section(const TomlNode& node);
  void look_for_lost_section(const std::string& variable);
  template <typename Owner>
  void override_table(const std::string& variable, const std::vector<std::string>& parts, const char* section,
                      std::map<std::string, Owner>& owners, std::span<const Setting<Owner>> table,
                      const std::string& value);
  template <typename Owner>
  void override_one(const std::string& variable, std::span<const Setting<Owner>> table,
                    std::string_view section, const std::string& prefix, Owner& owner, const std::string& key,
                    const std::string& value);
  void add_problem(const TomlNode& node, std::string message) {
    place_problem(problems_, origin(node), std::move(message));
  }
  static void place_problem(Placed& list, const Origin& place, std::string message) {
    list.emplace(std::tuple(place.source, place.line, place.column),
                 ConfigProblem{place.file, place.line, place.column, std::move(message)});
  }
  void apply_rules();
  Origin origin(const TomlNode& node) const { return {source_, file_, node.line, node.column, false, {}}; }

  Settings settings_;
  std::map<std::string, Origin> origins_;  // by full name of the setting or table
  Placed problems_, warnings_;
  std::size_t source_ = 0;
  std::string file_;
  bool syntax_failed_ = false;
};

template <typename Owner>
std::vector<std::string> keys_of(std::span<const Setting<Owner>> table, std::string_view section) {
  std::vector<std::string> keys;
  for (const Setting<Owner>& setting : table)
    if (setting.spec.section == section) keys.emplace_back(setting.spec.key);
  return keys;
}

// A duration without its unit is the likeliest mistake of all, and too far off for did_you_mean.
std::optional<std::string> key_guess(const std::string& key, const std::vector<std::string>& keys) {
  for (const char* suffix : {"_ms", "_bytes_max", "_max", "_max_ms"})
    if (std::find(keys.begin(), keys.end(), key + suffix) != keys.end()) return key + suffix;
  return did_you_mean(key, keys);
}

std::vector<std::string> section_names() {
  std::vector<std::string> names{"providers", "plugins"};
  for (const SectionSpec& section : section_specs()) names.emplace_back(section.name);
  return names;
}

template <typename Owner>
void SettingsLoader::apply(std::span<const Setting<Owner>> table, std::string_view section,
                           const std::string& prefix, Owner& owner, const TomlNode& node) {
  for (const Setting<Owner>& setting : table) {
    if (setting.spec.section != section || setting.spec.key != node.key) continue;
    const std::string name = prefix + "." + node.key;
    Origin& place = origins_[name] = origin(node);
    if (auto fault = assign(setting.spec, setting.slot(owner), node)) {
      place.faulty = true;
      add_problem(node, name + " " + *fault);
    }
    return;
  }
  const auto guess = key_guess(node.key, keys_of(table, section));
  add_problem(node, "unknown setting " + prefix + "." + toml_key(node.key) +
                        guess_text(guess ? std::optional(prefix + "." + *guess) : std::nullopt));
}

/// [plugins.com.example.x] is a table "x" in "example" in "com": the id that was meant, or empty.
std::string unquoted_id(const TomlNode& table, const TomlNode& entry) {
  if (entry.kind != TomlNode::Kind::table) return {};
  std::string id = table.key;
  const TomlNode* step = &entry;
  for (; step != nullptr && step->kind == TomlNode::Kind::table && step->key != "config";
       step = step->children.empty() ? nullptr : &step->children.front())
    id += "." + step->key;
  return id;
}

template <typename Owner>
void SettingsLoader::read_tables(const char* section, std::map<std::string, Owner>& owners,
                                 std::span<const Setting<Owner>> table, const TomlNode& node) {
  const std::vector<std::string> known = keys_of(table, "");
  for (const TomlNode& child : node.children) {
    const std::string prefix = std::string(section) + "." + toml_key(child.key);
    if (child.kind != TomlNode::Kind::table) {
      add_problem(child, "[" + prefix + "] must be a table, found " + describe(child));
      continue;
    }
    origins_[prefix] = origin(child);
    Owner& owner = owners[child.key];
    for (const TomlNode& entry : child.children) {
      const bool is_key = std::find(known.begin(), known.end(), entry.key) != known.end();
      if (const std::string id = is_key ? "" : unquoted_id(child, entry); !id.empty())
        add_problem(entry, "[" + std::string(section) + "." + id +
                               "] names tables in tables; an id with dots is quoted: [" + section + ".\"" +
                               id + "\"]");
      else
        apply(table, "", prefix, owner, entry);
    }
  }
}

void SettingsLoader::unknown_section(const TomlNode& node) {
  if (node.kind != TomlNode::Kind::table) {
    for (const Setting<Settings>& setting : host_settings()) {
      if (setting.spec.key != node.key) continue;
      return add_problem(node, "unknown setting " + toml_key(node.key) +
                                   " outside of any section; did you mean " +
                                   std::string(setting.spec.section) + "." + node.key + "?");
    }
    return add_problem(node, "unknown setting " + toml_key(node.key) + " outside of any section");
  }
  const auto guess = did_you_mean(node.key, section_names());
  add_problem(node, "unknown section [" + toml_key(node.key) + "]" +
                        guess_text(guess ? std::optional("[" + *guess + "]") : std::nullopt));
}

void SettingsLoader::read_section(const TomlNode& node) {
  const std::vector<std::string> names = section_names();
  if (std::find(names.begin(), names.end(), node.key) == names.end()) return unknown_section(node);
  if (node.kind != TomlNode::Kind::table)
    return add_problem(node, "[" + node.key + "] must be a table, found " + describe(node));
  if (node.key == "providers")
    return read_tables("providers", settings_.providers, provider_settings(), node);
  if (node.key == "plugins") return read_tables("plugins", settings_.plugins, plugin_settings(), node);
  for (const TomlNode& entry : node.children) apply(host_settings(), node.key, node.key, settings_, entry);
}

void SettingsLoader::read(const ConfigSource& source) {
  next_source(source.name);
  TomlOutcome document = parse_toml(source.text, source.name);
  if (document.problem) {
    syntax_failed_ = true;
    const Origin place{source_, source.name, document.problem->line, document.problem->column, false, {}};
    place_problem(problems_, place, document.problem->message);
    return;
  }
  for (const TomlNode& node : document.root.children) read_section(node);
}

// Variables hold plain text: strings as they are, lists separated by commas, everything else as in TOML.
TomlNode variable_node(const SettingSpec& spec, const std::string& value) {
  TomlNode node;
  node.kind = TomlNode::Kind::text;
  node.text = value;
  if (spec.kind == SettingKind::text) return node;
  if (spec.kind == SettingKind::texts && !value.starts_with('[')) {
    TomlNode list;
    list.kind = TomlNode::Kind::list;
    for (std::string& part : split(value, ',')) {
      node.text = std::move(part);
      if (!node.text.empty()) list.children.push_back(node);
    }
    return list;
  }
  TomlOutcome outcome = parse_toml("value = " + value, "");
  if (outcome.problem || outcome.root.children.size() != 1 || outcome.root.children.front().key != "value")
    return node;  // then assign() says what it found instead
  return outcome.root.children.front();
}

template <typename Owner>
void SettingsLoader::override_one(const std::string& variable, std::span<const Setting<Owner>> table,
                                  std::string_view section, const std::string& prefix, Owner& owner,
                                  const std::string& key, const std::string& value) {
  for (const Setting<Owner>& setting : table) {
    if (setting.spec.section != section || setting.spec.key != key) continue;
    TomlNode node = variable_node(setting.spec, value);
    node.key = key;
    node.line = node.column = 0;
    Origin& place = origins_[prefix + "." + key] = origin(node);
    place.variable = variable;
    if (auto fault = assign(setting.spec, setting.slot(owner), node)) {
      place.faulty = true;
      add_problem(node, variable + ": " + prefix + "." + key + " " + *fault);
    }
    return;
  }
  const auto guess = key_guess(key, keys_of(table, section));
  const std::string right = variable.substr(0, variable.rfind("__") + 2) + upper(guess.value_or(""));
  add_problem(TomlNode{}, variable + ": unknown setting " + prefix + "." + toml_key(key) +
                              guess_text(guess ? std::optional(right) : std::nullopt));
}

// As a variable's name spells it: "org.example.echo" and "ORG_EXAMPLE_ECHO" are one.
std::string folded(std::string_view id) {
  std::string text = lower(id);
  for (char& c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) c = '_';
  return text;
}

/// TOOLPOST_LOG_LEVEL and TOOLPOST_STATE_DIR set nothing; whoever wrote them meant TOOLPOST_LOG__LEVEL and
/// TOOLPOST_STORE__STATE_DIR. Others may be anybody's.
void SettingsLoader::look_for_lost_section(const std::string& variable) {
  for (const Setting<Settings>& setting : host_settings()) {
    const std::string section = "TOOLPOST_" + folded(setting.spec.section);
    const std::string key(setting.spec.key);
    if (folded(variable) != folded(section + "_" + key) && folded(variable) != folded("TOOLPOST_" + key))
      continue;
    const std::string meant = upper(section + "__" + key);
    return place_problem(warnings_, origin(TomlNode{}),
                         variable + " sets nothing; did you mean " + meant + "?");
  }
}

template <typename Owner>
void SettingsLoader::override_table(const std::string& variable, const std::vector<std::string>& parts,
                                    const char* section, std::map<std::string, Owner>& owners,
                                    std::span<const Setting<Owner>> table, const std::string& value) {
  if (parts.size() != 3 || parts[1].empty())
    return add_problem(TomlNode{},
                       variable + ": expected TOOLPOST_" +
                           (section[1] == 'r' ? "PROVIDERS__<NAME>__<KEY>" : "PLUGINS__<ID>__<KEY>"));
  std::string id;
  for (const auto& [name, owner] : owners)
    if (folded(name) == folded(parts[1])) id = name;
  if (id.empty() && std::is_same_v<Owner, PluginSettings>)
    return add_problem(TomlNode{}, variable + ": no file has a [plugins.\"ID\"] table that this could mean");
  if (id.empty()) id = parts[1];
  const std::string prefix = std::string(section) + "." + toml_key(id);
  origins_.try_emplace(prefix, origin(TomlNode{}));
  override_one(variable, table, "", prefix, owners[id], parts[2], value);
}

void SettingsLoader::override_with(const std::string& variable, const std::string& value) {
  constexpr std::string_view kPrefix = "TOOLPOST_";
  if (!variable.starts_with(kPrefix)) return;
  if (variable.find("__") == std::string::npos) return look_for_lost_section(variable);
  if (const std::string fault = variable_fault(variable); !fault.empty())
    return add_problem(TomlNode{}, plain_excerpt(variable) + ": " + fault);
  std::vector<std::string> parts;
  std::string rest = lower(variable.substr(kPrefix.size()));
  for (std::size_t cut = rest.find("__"); cut != std::string::npos; cut = rest.find("__")) {
    parts.push_back(rest.substr(0, cut));
    rest.erase(0, cut + 2);
  }
  parts.push_back(rest);
  if (parts[0] == "providers")
    return override_table(variable, parts, "providers", settings_.providers, provider_settings(), value);
  if (parts[0] == "plugins")
    return override_table(variable, parts, "plugins", settings_.plugins, plugin_settings(), value);
  std::vector<std::string> names = section_names();
  if (std::find(names.begin(), names.end(), parts[0]) == names.end()) {
    const auto guess = did_you_mean(parts[0], names);
    return add_problem(TomlNode{}, variable + ": unknown section [" + toml_key(parts[0]) + "]" +
                                       guess_text(guess ? std::optional("[" + *guess + "]") : std::nullopt));
  }
  if (parts.size() != 2) return add_problem(TomlNode{}, variable + ": expected TOOLPOST_<SECTION>__<KEY>");
  override_one(variable, host_settings(), parts[0], parts[0], settings_, parts[1], value);
}

void SettingsLoader::apply_rules() {
  for (RuleFinding& finding : check_rules(settings_)) {
    Origin place;  // the last place that set one of them: what was changed last is what broke it
    bool faulty = false;
    for (const std::string& name : finding.settings) {
      const auto found = origins_.find(name);
      if (found == origins_.end()) continue;
      faulty = faulty || found->second.faulty;
      if (std::tie(found->second.source, found->second.line) > std::tie(place.source, place.line))
        place = found->second;
    }
    if (faulty) continue;
    auto& list = finding.severity == RuleFinding::Severity::warning ? warnings_ : problems_;
    place_problem(list, place, std::move(finding.message));
  }
}

SettingsOutcome SettingsLoader::finish() {
  if (!syntax_failed_) apply_rules();  // values of an unreadable file are missing, not wrong
  const auto in_order = [](Placed& list) {
    std::vector<ConfigProblem> sorted;
    for (auto& [place, problem] : list)
      if (sorted.size() < kProblemsMax) sorted.push_back(std::move(problem));
    return sorted;
  };
  SettingsOutcome outcome;
  outcome.problems = in_order(problems_);
  if (syntax_failed_) return outcome;
  LoadedSettings loaded{std::move(settings_), {}, in_order(warnings_)};
  for (const auto& [name, place] : origins_) {
    const bool from_file = place.variable.empty();
    loaded.origins[name] = {from_file ? place.file : "", place.line, place.variable};
  }
  (outcome.problems.empty() ? outcome.loaded : outcome.rest) = std::move(loaded);
  return outcome;
}

}  // namespace

std::string to_string(const ConfigProblem& problem) {
  std::string place = problem.file;
  for (const unsigned number : {problem.line, problem.line != 0 ? problem.column : 0}) {
    if (number != 0) place.append(1, ':').append(std::to_string(number));
  }
  return place.empty() ? problem.message : place + ": " + problem.message;
}

SettingsOutcome load_settings(const std::vector<ConfigSource>& sources, const EnvironmentList& environment) {
  SettingsLoader loader;
  for (const ConfigSource& source : sources) loader.read(source);
  loader.next_source("environment");
  for (const auto& [variable, value] : environment) loader.override_with(variable, value);
  return loader.finish();
}

}  // namespace toolpost
