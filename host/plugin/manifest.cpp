#include "plugin/manifest.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "base/toml_hazard.hpp"
#include "base/toml_parse.hpp"

namespace toolpost {
namespace {

bool made_of(std::string_view text, std::string_view allowed, std::size_t max) {
  return !text.empty() && text.size() <= max && text.find_first_not_of(allowed) == std::string_view::npos;
}

constexpr std::size_t kProblemsMax = 32;
constexpr std::size_t kMethodsMax = 64;
constexpr std::size_t kOriginsMax = 16;
constexpr std::string_view kHostLetters = "abcdefghijklmnopqrstuvwxyz0123456789.-:[]";  // and the port
constexpr std::string_view kIdLetters = "abcdefghijklmnopqrstuvwxyz0123456789.-_";
constexpr std::string_view kNameLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

/// Reads fields of one table and collects what is wrong with them.
class FieldReader {
 public:
  FieldReader(const toml::table& table, std::string where, std::vector<std::string>& problems)
      : table_(table), where_(std::move(where)), problems_(problems) {}

  enum class Need { required, optional };

  std::string text(const char* key, Need need, std::size_t max = 16'384) {
    seen_.insert(key);
    const toml::node* node = table_.get(key);
    if (node == nullptr) {
      if (need == Need::required) problem(key, "is missing");
      return {};
    }
    const auto value = node->value_exact<std::string>();
    if (!value) problem(key, "must be a string");
    if (value && value->size() > max) problem(key, "is longer than " + std::to_string(max) + " bytes");
    return value.value_or("");
  }
  bool flag(const char* key) {
    seen_.insert(key);
    const toml::node* node = table_.get(key);
    if (node == nullptr) return false;
    const auto value = node->value_exact<bool>();
    if (!value) problem(key, "must be true or false");
    return value.value_or(false);
  }
  std::int64_t whole(const char* key) {
    seen_.insert(key);
    const auto value = table_[key].value_exact<std::int64_t>();
    if (!value) problem(key, "must be a whole number");
    return value.value_or(0);
  }
  std::vector<std::string> effect_kinds(const char* key) {
    seen_.insert(key);
    std::vector<std::string> kinds;
    const toml::node* node = table_.get(key);
    if (node == nullptr) return kinds;
    if (!node->is_array()) {
      problem(key, "must be a list of effect kinds");
      return kinds;
    }
    for (const toml::node& item : *node->as_array()) {
      const std::string kind = item.value_or(std::string());
      const auto& known = known_effect_kinds();
      if (std::find(known.begin(), known.end(), kind) == known.end()) {
        const auto near = did_you_mean(kind, known);
        problem(key, "names no effect kind: \"" + plain_excerpt(kind) + "\"" +
                         (near ? "; did you mean \"" + *near + "\"?" : ""));
      } else {
        kinds.push_back(kind);
      }
    }
    return kinds;
  }
  /// What the host prints in TOML for the operator, so no more than an origin is made of.
  std::vector<std::string> origins(const char* key) {
    seen_.insert(key);
    std::vector<std::string> origins;
    const toml::node* node = table_.get(key);
    if (node == nullptr) return origins;
    const auto wrong = [&] {
      problem(key, "must be a list of at most " + std::to_string(kOriginsMax) +
                       " origins, such as \"https://api.example.com\"");
      return std::vector<std::string>{};
    };
    if (!node->is_array() || node->as_array()->size() > kOriginsMax) return wrong();
    for (const toml::node& item : *node->as_array()) {
      const std::string origin = item.value_or(std::string());
      const std::size_t scheme = origin.starts_with("https://") ? 8 : origin.starts_with("http://") ? 7 : 0;
      if (scheme == 0 || !made_of(origin.substr(scheme), kHostLetters, 260)) return wrong();
      origins.push_back(origin);
    }
    return origins;
  }
  const toml::table* table(const char* key) {
    seen_.insert(key);
    const toml::node* node = table_.get(key);
    if (node != nullptr && !node->is_table()) problem(key, "must be a table");
    return node == nullptr ? nullptr : node->as_table();
  }
  const toml::array* tables(const char* key) {
    seen_.insert(key);
    const toml::node* node = table_.get(key);
    if (node != nullptr && !node->is_array_of_tables()) problem(key, "must be a list of tables");
    return node == nullptr ? nullptr : node->as_array();
  }
  void problem(std::string_view key, const std::string& what) {
    if (problems_.size() < kProblemsMax) problems_.push_back(where_ + plain_excerpt(key) + " " + what);
  }
  void refuse_unknown() {
    const std::vector<std::string> known(seen_.begin(), seen_.end());
    for (const auto& [key, node] : table_) {
      const std::string name(key.str());
      if (seen_.contains(name)) continue;
      if (problems_.size() >= kProblemsMax) break;
      const auto near = did_you_mean(name, known);
      problem(name,
              "is no field of a manifest" + (near ? "; did you mean \"" + *near + "\"?" : std::string()));
    }
  }

 private:
  const toml::table& table_;
  const std::string where_;
  std::vector<std::string>& problems_;
  std::set<std::string> seen_;
};

using Need = FieldReader::Need;

MethodManifest read_method(const toml::table& table, std::size_t number, std::vector<std::string>& problems) {
  FieldReader fields(table, "method " + std::to_string(number) + ": ", problems);
  MethodManifest method;
  method.name = fields.text("name", Need::required);
  method.title = fields.text("title", Need::optional, 128);
  method.description = fields.text("description", Need::required);
  method.input_schema = fields.text("input", Need::required, 128 << 10);
  method.output_schema = fields.text("output", Need::optional, 128 << 10);
  method.sample = fields.text("sample", Need::optional);
  method.idempotent = fields.flag("idempotent");
  method.read_only = fields.flag("read_only");
  fields.refuse_unknown();
  if (!made_of(method.name, kNameLetters, 64)) {
    fields.problem("name", "must be 1 to 64 letters, digits, '_', '.' or '-'");
  }
  return method;
}

}  // namespace

const std::vector<std::string>& known_effect_kinds() {
  static const std::vector<std::string> kinds = {
      "provider",         "http",        "file.read",     "file.list", "store.get",
      "store.put",        "thread.read", "thread.append", "models",    "host.status",
      "git.repositories", "git.changes", "git.log",       "ask",       "sample"};
  return kinds;
}

Result<Manifest> parse_manifest(std::string_view toml) {
  const auto broken = [](std::size_t line, std::string_view why) {
    return Error{Errc::incompatible,
                 "manifest line " + std::to_string(line) + ": " + plain_excerpt(why, 200)};
  };
  if (const auto hazard = find_toml_hazard(toml)) return broken(hazard->line, hazard->why);
  const auto result = parse_toml_text(toml);
  if (!result) return Error{Errc::incompatible, "the manifest is not valid TOML"};
  const toml::parse_result& parsed = *result;
  if (!parsed) return broken(parsed.error().source().begin.line, parsed.error().description());
  std::vector<std::string> problems;
  FieldReader fields(parsed.table(), "", problems);
  Manifest manifest;
  if (fields.whole("schema") != 1) fields.problem("schema", "must be 1, the only manifest format there is");
  manifest.id = fields.text("id", Need::required);
  if (!made_of(manifest.id, kIdLetters, 128) || manifest.id.find('.') == std::string::npos) {
    fields.problem("id", "must be a reverse domain in lower case, such as \"com.example.weather\"");
  }
  manifest.version = fields.text("version", Need::required, 64);
  manifest.abi = static_cast<unsigned>(std::clamp<std::int64_t>(fields.whole("abi"), 0, 1000));
  if (manifest.abi != 1) {
    fields.problem("abi", "is " + std::to_string(manifest.abi) + ", but this host speaks ABI major 1 only");
  }
  const std::string kind = fields.text("kind", Need::required);
  if (kind != "tool" && kind != "provider") fields.problem("kind", "must be \"tool\" or \"provider\"");
  manifest.kind = kind == "provider" ? PluginKind::provider : PluginKind::tool;
  manifest.summary = fields.text("summary", Need::optional, 512);
  manifest.config_schema = fields.text("config", Need::optional, 128 << 10);
  if (const toml::table* capabilities = fields.table("capabilities")) {
    FieldReader asked(*capabilities, "capabilities.", problems);
    manifest.required = asked.effect_kinds("required");
    manifest.optional = asked.effect_kinds("optional");
    manifest.http_origins = asked.origins("http_origins");
    asked.refuse_unknown();
  }
  if (const toml::table* key = fields.table("key")) {
    FieldReader asked(*key, "key.", problems);
    manifest.key_header = asked.text("header", Need::required, 64);
    manifest.key_prefix = asked.text("prefix", Need::optional, 64);
    asked.refuse_unknown();
    if (!made_of(manifest.key_header, kNameLetters, 64))
      asked.problem("header", "must be the name of an HTTP header, such as \"x-api-key\"");
  }
  std::set<std::string> names;
  if (const toml::array* methods = fields.tables("method")) {
    if (methods->size() > kMethodsMax)
      fields.problem("method", "is given more than " + std::to_string(kMethodsMax) + " times");
    for (const toml::node& node : *methods) {
      if (!node.is_table() || manifest.methods.size() == kMethodsMax) break;
      manifest.methods.push_back(read_method(*node.as_table(), manifest.methods.size() + 1, problems));
      if (!names.insert(manifest.methods.back().name).second)
        fields.problem("method " + std::to_string(manifest.methods.size()), "has a name that is used twice");
    }
  }
  if (manifest.methods.empty())
    problems.emplace_back("method is missing: a plugin has at least one [[method]]");
  fields.refuse_unknown();
  if (problems.empty()) return manifest;
  Error error{Errc::incompatible, "manifest: "};
  for (std::size_t i = 0; i < problems.size(); ++i) error.message += (i == 0 ? "" : "; ") + problems[i];
  return error;
}

}  // namespace toolpost
