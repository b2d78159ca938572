// listmodels: which models can be asked, of which providers, and which cannot and why.
#include <toolpost/plugin.hpp>

namespace {

using toolpost::json;

void append(std::string& list, const char* between, const std::string& word) {
  list += (list.empty() ? "" : between) + word;
}

/// "400,000" of 400000.
std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  return digits;
}

/// What the catalogue says of a model, in a few words.
std::string facts_of(const json& facts) {
  std::string text;
  std::string abilities;
  for (const json& ability : facts.value("abilities", json::array()))
    append(abilities, ", ", ability.get<std::string>());
  append(text, "; ", facts.value("speed", ""));
  if (facts.contains("context_tokens"))
    append(text, "; ", grouped(facts["context_tokens"].get<std::uint64_t>()) + " tokens of context");
  if (!abilities.empty()) append(text, "; ", abilities);
  if (facts.contains("price")) {
    const json& price = facts["price"];
    append(text, "; ",
           price["input"].dump() + " in, " + price["output"].dump() + " out " + price.value("currency", "") +
               " a million tokens");
  }
  std::string aliases;
  for (const json& alias : facts.value("aliases", json::array()))
    append(aliases, ", ", alias.get<std::string>());
  if (!aliases.empty()) append(text, "; also called ", aliases);
  return text;
}

std::string described(const json& provider) {
  std::string text = "- " + provider.value("provider", "") + " (" + provider.value("plugin", "") + "): ";
  if (provider.contains("unusable"))
    return text + "cannot be used: " + provider["unusable"].get<std::string>() + "\n";
  std::string models;
  std::string facts;
  for (const json& model : provider.value("models", json::array())) {
    const std::string name = model.get<std::string>();
    append(models, ", ", name);
    if (provider.contains("facts") && provider["facts"].contains(name))
      facts += "\n  - " + name + ": " + facts_of(provider["facts"][name]);
  }
  std::string no_models = provider.contains("forbidden") ? "none may be asked" : "names no models";
  if (provider.contains("list_problem"))
    no_models += " (" + provider["list_problem"].get<std::string>() + ")";
  text += models.empty() ? no_models : models;
  if (provider.contains("forbidden")) {
    text += "; not allowed by the operator: ";
    std::string forbidden;
    for (const auto& [name, why] : provider["forbidden"].items()) append(forbidden, ", ", name);
    text += forbidden;
  }
  std::string open;
  for (const json& model : provider.value("breaker_open", json::array()))
    open += (open.empty() ? "" : ", ") + model.get<std::string>();
  if (!open.empty()) text += "; left alone for a while after failures: " + open;
  return text + facts + "\n";
}

struct ListModels : toolpost::Plugin {
  json invoke(toolpost::Call& call, std::string_view, const json&) override {
    const json providers = call.perform("models", json::object()).value("providers", json::array());
    std::string text;
    for (const json& provider : providers) text += described(provider);
    if (text.empty()) {
      text =
          "No model provider is configured. Workflow tools work all the same and hand the expert's part to "
          "you; to have one, add "
          "[providers.NAME] with base_url and models to the configuration.";
    } else {
      text += "Ask for one by its name, by NAME/model for provider NAME, or leave it to auto.";
    }
    return {{"status", "success"},
            {"content", text},
            {"content_type", "text"},
            {"providers", providers},
            {"metadata", {{"tool_name", "listmodels"}, {"configured_providers", providers.size()}}}};
  }
};

}  // namespace

TOOLPOST_PLUGIN(ListModels)
