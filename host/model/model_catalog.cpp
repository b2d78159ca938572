#include "model/model_catalog.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.hpp"
#include "base/toml_hazard.hpp"
#include "base/toml_parse.hpp"

namespace toolpost {
namespace {

constexpr std::size_t kNameBytesMax = 200;
constexpr std::size_t kProblemsMax = 16;
constexpr double kTokensMax = 1e9;
constexpr double kPriceMax = 1e6;

std::string key_of(std::string_view plugin, std::string_view name) {
  return std::string(plugin) + "\n" + std::string(name);
}

/// A name without the date at its end with which vendors mark a fixed version.
std::string_view undated(std::string_view name) {
  for (const std::string_view date : {"-0000-00-00", "-00000000", "@00000000"}) {
    if (name.size() <= date.size()) continue;
    const std::string_view end = name.substr(name.size() - date.size());
    const auto same = [](char shape, char letter) {
      return shape == '0' ? letter >= '0' && letter <= '9' : shape == letter;
    };
    if (std::equal(date.begin(), date.end(), end.begin(), same))
      return name.substr(0, name.size() - date.size());
  }
  return name;
}

/// Reads the fields of one table and notes what is wrong with them.
class CatalogFields {
 public:
  CatalogFields(const toml::table& table, std::string where, std::vector<std::string>& problems)
      : table_(table), where_(std::move(where)), problems_(problems) {}

  std::string text(const char* key, bool needed = false) {
    const toml::node* node = seen(key);
    if (node == nullptr) {
      if (needed) problem(key, "is missing");
      return {};
    }
    const auto value = node->value_exact<std::string>();
    if (!value || value->empty() || value->size() > kNameBytesMax)
      problem(key, "must be a text of 1 to 200 bytes");
    return value.value_or("");
  }
  double number(const char* key, double otherwise, double max) {
    const toml::node* node = seen(key);
    if (node == nullptr) return otherwise;
    const auto value = node->value<double>();
    if (!node->is_number() || !value || !(*value >= 0 && *value <= max)) {
      problem(key, "must be a number from 0 to " + std::to_string(static_cast<std::uint64_t>(max)));
      return otherwise;
    }
    return *value;
  }
  std::uint64_t tokens(const char* key) { return static_cast<std::uint64_t>(number(key, 0, kTokensMax)); }
  bool flag(const char* key, bool otherwise) {
    const toml::node* node = seen(key);
    if (node == nullptr) return otherwise;
    if (!node->is_boolean()) problem(key, "must be true or false");
    return node->value_or(otherwise);
  }
  std::vector<std::string> texts(const char* key, const std::vector<std::string>& allowed = {}) {
    std::vector<std::string> list;
    const toml::node* node = seen(key);
    if (node == nullptr) return list;
    if (!node->is_array()) {
      problem(key, "must be a list of texts");
      return list;
    }
    for (const toml::node& item : *node->as_array()) {
      const auto value = item.value_exact<std::string>();
      if (!value || value->empty() || value->size() > kNameBytesMax) {
        problem(key, "must be a list of texts of 1 to 200 bytes");
      } else if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), *value) == allowed.end()) {
        problem(key, "does not know \"" + plain_excerpt(*value) + "\"" + suggestion(*value, allowed));
      } else {
        list.push_back(*value);
      }
    }
    return list;
  }
  const toml::table* table(const char* key) {
    const toml::node* node = seen(key);
    if (node != nullptr && !node->is_table()) problem(key, "must be a table");
    return node == nullptr ? nullptr : node->as_table();
  }
  const toml::array* tables(const char* key) {
    const toml::node* node = seen(key);
    if (node != nullptr && !node->is_array_of_tables()) problem(key, "must be a list of tables");
    return node == nullptr ? nullptr : node->as_array();
  }
  void refuse_unknown() {
    for (const auto& [key, node] : table_) {
      const std::string name(key.str());
      if (std::find(seen_.begin(), seen_.end(), name) == seen_.end())
        problem(plain_excerpt(name), "is no field of a catalogue" + suggestion(name, seen_));
    }
  }
  void problem(const std::string& key, const std::string& what) {
    if (problems_.size() < kProblemsMax) problems_.push_back(where_ + key + " " + what);
  }

 private:
  static std::string suggestion(const std::string& word, const std::vector<std::string>& known) {
    const auto near = did_you_mean(word, known);
    return near ? "; did you mean \"" + *near + "\"?" : "";
  }
  const toml::node* seen(const char* key) {
    seen_.emplace_back(key);
    return table_.get(key);
  }

  const toml::table& table_;
  const std::string where_;
  std::vector<std::string>& problems_;
  std::vector<std::string> seen_;
};

ModelFacts read_model(CatalogFields& fields, std::vector<std::string>& problems) {
  ModelFacts facts;
  facts.name = fields.text("name", true);
  const std::string where = "model " + plain_excerpt(facts.name) + ": ";
  facts.aliases = fields.texts("aliases");
  facts.context_tokens = fields.tokens("context_tokens");
  facts.output_tokens_max = fields.tokens("output_tokens_max");
  facts.thinking_tokens_max = fields.tokens("thinking_tokens_max");
  const auto abilities = fields.texts("abilities", known_abilities());
  facts.abilities = {abilities.begin(), abilities.end()};
  facts.languages = fields.texts("languages");
  if (const std::string speed = fields.text("speed"); !speed.empty()) facts.speed = speed;
  if (facts.speed != "fast" && facts.speed != "balanced" && facts.speed != "quality")
    fields.problem("speed", "must be \"fast\", \"balanced\" or \"quality\"");
  if (const toml::table* table = fields.table("temperature")) {
    CatalogFields range(*table, where + "temperature.", problems);
    facts.temperature = {range.number("min", 0, 10), range.number("max", 2, 10),
                         range.flag("accepted", true)};
    if (facts.temperature.min > facts.temperature.max) range.problem("min", "is larger than max");
    range.refuse_unknown();
  }
  if (const toml::table* table = fields.table("price")) {
    CatalogFields price(*table, where + "price.", problems);
    ModelPrice read;
    read.input = price.number("input", 0, kPriceMax);
    read.output = price.number("output", 0, kPriceMax);
    read.cached_input = price.number("cached_input", read.input, kPriceMax);
    read.cache_write = price.number("cache_write", read.input, kPriceMax);
    read.web_search = price.number("web_search", 0, kPriceMax);
    facts.price = read;
    price.refuse_unknown();
  }
  fields.refuse_unknown();
  return facts;
}

}  // namespace

double cost_of(const ModelPrice& price, const TokensUsed& used) {
  const std::uint64_t cached = std::min(used.cached_input, used.input);
  const std::uint64_t written = std::min(used.cache_write, used.input - cached);
  const std::uint64_t plain = used.input - cached - written;
  return (static_cast<double>(plain) * price.input + static_cast<double>(cached) * price.cached_input +
          static_cast<double>(written) * price.cache_write +
          static_cast<double>(used.output) * price.output) /
             1e6 +
         static_cast<double>(used.web_searches) * price.web_search;
}

double rounded_money(double amount) {
  constexpr double kParts = 1e9;
  return std::round(amount * kParts) / kParts;
}

const std::vector<std::string>& known_abilities() {
  static const std::vector<std::string> abilities = {"tools", "images",     "thinking",
                                                     "json",  "web_search", "files"};
  return abilities;
}

Result<void> ModelCatalog::add(std::string_view toml, const std::string& where) {
  const auto wrong = [&](const std::string& why) { return Error{Errc::invalid_config, where + ": " + why}; };
  const auto broken = [&](std::size_t line, std::string_view why) {
    return wrong("line " + std::to_string(line) + ": " + plain_excerpt(why, 200));
  };
  if (toml.size() > kCatalogBytesMax)
    return wrong("a catalogue has at most " + std::to_string(kCatalogBytesMax) + " bytes");
  if (const auto hazard = find_toml_hazard(toml)) return broken(hazard->line, hazard->why);
  const auto result = parse_toml_text(toml);
  if (!result) return wrong("not valid TOML");
  const toml::parse_result& parsed = *result;
  if (!parsed) return broken(parsed.error().source().begin.line, parsed.error().description());
  std::vector<std::string> problems;
  CatalogFields fields(parsed.table(), "", problems);
  if (fields.number("schema", 0, 1000) != 1)
    fields.problem("schema", "must be 1, the only catalogue format there is");
  const std::string plugin = fields.text("plugin", true);
  const std::string currency = fields.text("currency");
  std::vector<ModelFacts> added;
  if (const toml::array* models = fields.tables("model")) {
    for (const toml::node& node : *models) {
      CatalogFields one(*node.as_table(), "model " + std::to_string(added.size() + 1) + ": ", problems);
      added.push_back(read_model(one, problems));
      added.back().plugin = plugin;
      added.back().currency = currency;
    }
  }
  fields.refuse_unknown();
  if (models_.size() + added.size() > kModelsMax)
    fields.problem("model", "is given too often: 10,000 models are the most");
  if (!problems.empty()) {
    std::string all = problems.front();
    for (std::size_t i = 1; i < problems.size(); ++i) all += "; " + problems[i];
    return wrong(all);
  }
  for (ModelFacts& facts : added) {
    const std::string key = key_of(plugin, facts.name);
    std::erase_if(aliases_, [&](const auto& alias) { return alias.second == key; });
    for (const std::string& alias : facts.aliases) aliases_[key_of(plugin, alias)] = key;
    models_[key] = std::move(facts);
  }
  return {};
}

const ModelFacts* ModelCatalog::find(std::string_view plugin, std::string_view name) const {
  const std::string key = key_of(plugin, name);
  auto found = models_.find(key);
  if (found == models_.end()) {
    const auto alias = aliases_.find(key);
    if (alias != aliases_.end()) found = models_.find(alias->second);
  }
  return found == models_.end() ? nullptr : &found->second;
}

const ModelFacts* ModelCatalog::facts(std::string_view plugin, std::string_view name) const {
  const ModelFacts* found = find(plugin, name);
  return found != nullptr ? found : find(plugin, undated(name));
}

std::vector<std::string> ModelCatalog::names(std::string_view plugin) const {
  std::vector<std::string> names;
  for (const auto& [key, facts] : models_) {
    if (facts.plugin != plugin) continue;
    names.push_back(facts.name);
    names.insert(names.end(), facts.aliases.begin(), facts.aliases.end());
  }
  return names;
}

ModelCatalog read_catalogs(const std::vector<std::string>& folders,
                           const std::function<void(const std::string&)>& problem) {
  namespace fs = std::filesystem;
  ModelCatalog catalog;
  for (const std::string& folder : folders) {
    std::vector<std::string> files;
    std::error_code error;
    for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
         entry.increment(error)) {
      if (entry->path().extension() == ".toml") files.push_back(entry->path().string());
    }
    std::sort(files.begin(), files.end());
    for (const std::string& file : files) {
      std::ifstream stream(file, std::ios::binary);
      std::string text;
      text.resize(kCatalogBytesMax + 1);
      stream.read(text.data(), static_cast<std::streamsize>(text.size()));
      text.resize(static_cast<std::size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
      if (auto added = catalog.add(text, file); !added) problem(added.error().message);
    }
  }
  return catalog;
}

}  // namespace toolpost
