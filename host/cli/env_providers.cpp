#include "cli/env_providers.hpp"

#include <algorithm>

#include "cli/env_variables.hpp"
#include "config/toml_document.hpp"
#include "config/value_grammar.hpp"

namespace toolpost {
namespace {

using Words = std::vector<std::string>;

bool holds(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Under its name here or there.
bool names_provider(const Words& words, std::string_view provider) {
  return holds(words, provider) || (provider == "gemini" && holds(words, "google")) ||
         (provider == "glm" && (holds(words, "zai") || holds(words, "zhipu"))) ||
         (provider == "kimi" && holds(words, "moonshot"));
}

class EnvProviders {
 public:
  EnvProviders(EnvToml& toml, const EnvProviderWishes& wishes) : toml_(toml), wishes_(wishes) {}

  std::vector<EnvProviderFault> finish() {
    const std::string answering = provider_of_default();
    Words whole;
    for (const EnvProvider& provider : env_providers()) {
      const std::string table = "providers." + std::string(provider.name);
      if (!is_whole(provider, table)) {
        toml_.drop_table(table);
        continue;
      }
      whole.emplace_back(provider.name);
      complete(provider, table);
      set_models(provider, table, answering == provider.name ? default_model_ : "");
    }
    if (!wishes_.default_model.empty() && !holds(whole, answering))
      fault(
          "host.default_provider",
          "DEFAULT_MODEL is left out: no provider in this file has it; name it as PROVIDER/model in a call");
    if (holds(whole, answering)) {
      toml_.set("host.default_provider", toml_quoted(answering), "DEFAULT_MODEL");
    } else if (whole.size() > 1) {
      toml_.set("host.default_provider", toml_quoted(whole.front()), "the predecessor's order");
    }
    return std::move(faults_);
  }

 private:
  void fault(const std::string& setting, const std::string& message) {
    faults_.push_back({setting, message});
  }

  /// Whose model DEFAULT_MODEL is; empty when nobody's that is known.
  std::string provider_of_default() {
    default_model_ = wishes_.default_model;
    if (default_model_.empty()) return "";
    for (const EnvProvider& provider : env_providers()) {
      const EnvToml::Line* const models = toml_.line("providers." + std::string(provider.name) + ".models");
      if (models != nullptr && holds(models->words, default_model_)) return std::string(provider.name);
    }
    for (const EnvProvider& provider : env_providers())
      for (const std::string& begin : split(provider.begins, ','))
        if (!begin.empty() && lower(default_model_).starts_with(begin)) return std::string(provider.name);
    return default_model_.find('/') != std::string::npos ? "openrouter" : "";
  }

  bool is_whole(const EnvProvider& provider, const std::string& table) {
    const bool has_key = toml_.has(table + ".key"), has_url = toml_.has(table + ".base_url");
    const bool by_url = provider.base_url.empty();
    if (!has_key && !has_url && !toml_.has_table(table)) return false;
    if ((!wishes_.only.empty() && !names_provider(wishes_.only, provider.name)) ||
        names_provider(wishes_.without, provider.name)) {
      fault(table, "is left out, as another variable asks for");
      return false;
    }
    if (by_url && !has_url) {
      fault(table, "is left out: no variable says its address");
      return false;
    }
    if (!has_key && provider.name != "custom") {
      fault(table, "is left out: no variable with its key is set");
      return false;
    }
    return true;
  }

  void complete(const EnvProvider& provider, const std::string& table) {
    const std::string url = table + ".base_url";
    if (!toml_.has(url)) toml_.set(url, toml_quoted(provider.base_url), "its own");
    if (provider.plugin != "openai") toml_.set(table + ".plugin", toml_quoted(provider.plugin), "");
    const std::string value = toml_.line(url)->value;
    const bool has_path = value.find('/', value.find("://") + 3) != std::string::npos;
    if (provider.name == "gemini" && !has_path) append(url, "/v1beta");
    const bool azure = provider.name == "azure", dial = provider.name == "dial";
    if (!azure && !dial) return;
    const std::string version = table + ".config.api_version";
    if (dial && !toml_.has(version)) toml_.set(version, "\"2024-12-01-preview\"", "the predecessor's");
    if (dial) toml_.set(table + ".config.dialect", "\"azure\"", "");
    toml_.set(table + ".key_header", "\"api-key\"", "");
    if (value.find("/openai") == std::string::npos)
      append(url, toml_.has(version) ? "/openai" : "/openai/v1");
  }

  void append(const std::string& name, const std::string& end) {
    const EnvToml::Line line = *toml_.line(name);
    std::string value = line.value;
    value.insert(value.size() - 1, end);  // before the closing quote
    toml_.set(name, value, line.comment);
  }

  void set_models(const EnvProvider& provider, const std::string& table, const std::string& first) {
    const EnvToml::Line* const said = toml_.line(table + ".models");
    const EnvToml::Line* const allowed = toml_.line(table + ".models_allowed");
    Words models = said != nullptr ? said->words : Words{};
    std::string comment = said != nullptr ? said->comment : "the predecessor's";
    if (models.empty())
      for (const std::string& model : split(provider.models, ','))
        if (!model.empty()) models.push_back(model);
    if (!first.empty()) {
      models.erase(std::remove(models.begin(), models.end(), first), models.end());
      models.insert(models.begin(), first);
      comment = said != nullptr ? "DEFAULT_MODEL, " + comment : "DEFAULT_MODEL";
    }
    if (allowed != nullptr) {
      models.erase(std::remove_if(models.begin(), models.end(),
                                  [&](const std::string& model) { return !holds(allowed->words, model); }),
                   models.end());
      if (models.empty()) models = allowed->words;
    }
    if (!models.empty()) toml_.set_list(table + ".models", models, comment);
  }

  EnvToml& toml_;
  const EnvProviderWishes& wishes_;
  std::string default_model_;
  std::vector<EnvProviderFault> faults_;
};

}  // namespace

std::vector<EnvProviderFault> finish_providers(EnvToml& toml, const EnvProviderWishes& wishes) {
  return EnvProviders(toml, wishes).finish();
}

}  // namespace toolpost
