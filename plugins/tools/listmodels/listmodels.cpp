// listmodels: which models can be asked, of which providers, and which cannot and why.
#include <toolpost/plugin.hpp>

namespace {

using toolpost::json;

std::string described(const json& provider) {
  std::string text = "- " + provider.value("provider", "") + " (" + provider.value("plugin", "") + "): ";
  if (provider.contains("unusable"))
    return text + "cannot be used: " + provider["unusable"].get<std::string>() + "\n";
  std::string models;
  for (const json& model : provider.value("models", json::array()))
    models += (models.empty() ? "" : ", ") + model.get<std::string>();
  text += models.empty() ? "names no models" : models;
  std::string open;
  for (const json& model : provider.value("breaker_open", json::array()))
    open += (open.empty() ? "" : ", ") + model.get<std::string>();
  if (!open.empty()) text += "; left alone for a while after failures: " + open;
  return text + "\n";
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
