#include "cli/env_toml.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>

#include "config/setting_value.hpp"
#include "config/toml_document.hpp"

namespace toolpost {
namespace {

const SettingSpec& spec_of(const std::string& name) {
  const auto [table, key] = table_and_key(name);
  if (table.starts_with("providers.")) {
    for (const auto& setting : provider_settings())
      if (setting.spec.key == key) return setting.spec;
  }
  for (const auto& setting : host_settings())
    if (setting.spec.section == table && setting.spec.key == key) return setting.spec;
  assert(false && "the table of variables names a setting that is there");
  return host_settings().front().spec;
}

std::string table_text(const std::string& name, const EnvToml::Table& table) {
  std::string out = "\n[" + name + "]\n";
  for (const auto& [key, line] : table)
    out += key + " = " + line.value + (line.comment.empty() ? "" : "  # " + line.comment) + "\n";
  return out;
}

}  // namespace

std::pair<std::string, std::string> table_and_key(const std::string& name) {
  std::size_t dot = name.find('.');
  if (name.starts_with("providers.")) dot = name.find('.', dot + 1);
  if (name.starts_with("plugins.\"")) dot = name.find('"', dot + 2) + 1;  // an id has dots of its own
  return {name.substr(0, dot), dot == std::string::npos ? "" : name.substr(dot + 1)};
}

const EnvToml::Line* EnvToml::line(const std::string& name) const {
  const auto [table, key] = table_and_key(name);
  const auto found = tables_.find(table);
  if (found == tables_.end()) return nullptr;
  const auto line = found->second.find(key);
  return line == found->second.end() ? nullptr : &line->second;
}

void EnvToml::set(const std::string& name, std::string toml, std::string_view comment) {
  const auto [table, key] = table_and_key(name);
  tables_[table][key] = {std::move(toml), 0, {}, std::string(comment)};
}

bool EnvToml::set_number(const std::string& name, double value, std::string_view comment) {
  const SettingSpec& spec = spec_of(name);
  const double taken = std::clamp(std::round(value), spec.min, spec.max);
  const auto [table, key] = table_and_key(name);
  tables_[table][key] = {grouped(static_cast<std::uint64_t>(taken), '_'), taken, {}, std::string(comment)};
  return std::abs(taken - value) < 1;
}

double EnvToml::number(const std::string& name) const {
  if (const Line* set = line(name)) return set->number;
  std::string digits(spec_of(name).default_value);
  digits.erase(std::remove(digits.begin(), digits.end(), '_'), digits.end());
  double value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

void EnvToml::set_list(const std::string& name, const std::vector<std::string>& words,
                       std::string_view comment) {
  std::string list;
  for (const std::string& word : words) list += (list.empty() ? "" : ", ") + toml_quoted(word);
  const auto [table, key] = table_and_key(name);
  tables_[table][key] = {"[" + list + "]", 0, words, std::string(comment)};
}

std::string EnvToml::range(const std::string& name) {
  return range_text(spec_of(name));
}

std::string EnvToml::text() const {
  std::string out;
  for (const SectionSpec& section : section_specs()) {
    const auto table = tables_.find(std::string(section.name));
    if (table != tables_.end()) out += table_text(table->first, table->second);
  }
  for (const auto& [name, table] : tables_)
    if (name.starts_with("providers.") || name.starts_with("plugins.")) out += table_text(name, table);
  return out;
}

}  // namespace toolpost
