#include "runtime/provider_request.hpp"

#include <algorithm>
#include <cmath>

namespace toolpost {
namespace {

using nlohmann::json;

constexpr std::size_t kBytesPerToken = 4;  // a rough guess that errs to the small side for code

bool asks_for(const json& request, const char* key) {
  if (!request.contains(key) || request[key].is_null()) return false;
  return !request[key].is_boolean() || request[key].get<bool>();
}

bool shows_images(const json& request) {
  for (const json& message : request.value("messages", json::array())) {
    if (!message.is_object() || !message.contains("content") || !message["content"].is_array()) continue;
    for (const json& part : message["content"])
      if (text_of(part, "type") == "image") return true;
  }
  return false;
}

bool can(const ModelFacts& facts, const char* ability) {
  return facts.abilities.contains(ability);
}

/// The temperature that the model takes; nothing when it takes none.
std::optional<double> temperature_for(const json& asked, const ModelFacts& facts) {
  if (!facts.temperature.accepted) return std::nullopt;
  return std::clamp(asked["temperature"].get<double>(), facts.temperature.min, facts.temperature.max);
}

std::uint64_t tokens_of(const json& usage, const char* key) {
  const auto found = usage.find(key);
  return found != usage.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

void add_cost(json& reply, const ModelFacts* facts) {
  const auto found = reply.find("usage");
  if (found == reply.end() || !found->is_object()) return;
  const std::string currency = facts == nullptr ? "" : facts->currency;
  const auto add = [&](double amount, const char* source) {
    reply["cost"] = {{"amount", rounded_money(amount)}, {"source", source}};
    if (!currency.empty()) reply["cost"]["currency"] = currency;
  };
  if (const auto said = found->find("cost"); said != found->end() && said->is_number()) {
    const auto amount = said->get<double>();
    found->erase(said);
    if (std::isfinite(amount) && amount >= 0) add(amount, "provider");
    return;
  }
  if (facts == nullptr || !facts->price) return;
  const TokensUsed used{tokens_of(*found, "input_tokens"), tokens_of(*found, "output_tokens"),
                        tokens_of(*found, "cached_input_tokens"), tokens_of(*found, "cache_write_tokens"),
                        tokens_of(*found, "web_searches")};
  if (used.input == 0 && used.output == 0) return;  // it was not told, which is not the same as free
  add(cost_of(*facts->price, used), "catalogue");
}

}  // namespace

bool is_chat(std::string_view method) {
  return method == "chat" || method == "preview";
}

std::string text_of(const json& request, const char* key) {
  return request.is_object() && request.contains(key) && request[key].is_string()
             ? request[key].get<std::string>()
             : "";
}

bool leaves_choice(const json& request) {
  const std::string model = text_of(request, "model");
  return model.empty() || model == "auto";
}

bool asks_expert(const json& request) {
  return text_of(request, "role") == "expert";
}

bool may_fall_back(Errc code) {
  switch (code) {
    case Errc::invalid_input:
    case Errc::content_blocked:
    case Errc::context_too_long:
    case Errc::permission:
    case Errc::cancelled:
      return false;
    default:
      return code != Errc::in_doubt;
  }
}

ModelWish wish_of(const json& request, std::string_view tool, const std::string& locale) {
  ModelWish wish;
  const std::string model = text_of(request, "model");
  if (!model.empty()) wish.model = model;
  wish.tool = std::string(tool);
  wish.role = text_of(request, "role");
  wish.step = text_of(request, "step");
  wish.thinking = text_of(request, "thinking");
  if (shows_images(request)) wish.needs.insert("images");
  if (request.contains("tools") && request["tools"].is_array() && !request["tools"].empty())
    wish.needs.insert("tools");
  if (asks_for(request, "web_search")) wish.likes.insert("web_search");
  if (asks_for(request, "json")) wish.likes.insert("json");
  if (!wish.thinking.empty() && wish.thinking != "off") wish.likes.insert("thinking");
  wish.language = locale.substr(0, locale.find('-'));
  if (request.contains("messages"))
    wish.tokens =
        request["messages"].dump(-1, ' ', false, json::error_handler_t::replace).size() / kBytesPerToken;
  // An image is not as many tokens as its base64 has letters.
  if (wish.needs.contains("images")) wish.tokens = 0;
  return wish;
}

json request_for(const json& asked, const std::string& model, const ModelFacts* facts,
                 const std::string& locale) {
  json request = asked;
  for (const char* key : {"method", "role", "step", "provider", "model_facts"}) request.erase(key);
  request["model"] = model;
  if (locale != "en" && request.contains("messages") && request["messages"].is_array()) {
    auto& messages = request["messages"];
    messages.insert(
        messages.begin(),
        json{{"role", "system"}, {"content", "Answer in the language of the locale " + locale + "."}});
  }
  if (facts == nullptr) return request;
  if (request.contains("temperature") && request["temperature"].is_number()) {
    const auto temperature = temperature_for(request, *facts);
    if (temperature)
      request["temperature"] = *temperature;
    else
      request.erase("temperature");
  }
  if (facts->output_tokens_max != 0 && request.contains("output_tokens_max") &&
      request["output_tokens_max"].is_number_unsigned()) {
    request["output_tokens_max"] =
        std::min(request["output_tokens_max"].get<std::uint64_t>(), facts->output_tokens_max);
  }
  for (const char* ability : {"thinking", "web_search"})
    if (!can(*facts, ability)) request.erase(ability);
  json& known = request["model_facts"] = json::object();
  if (facts->output_tokens_max != 0) known["output_tokens_max"] = facts->output_tokens_max;
  if (facts->thinking_tokens_max != 0) known["thinking_tokens_max"] = facts->thinking_tokens_max;
  return request;
}

void complete_reply(json& reply, const json& asked, const ModelFacts* facts) {
  reply.erase("cost");  // money is the host's to count
  add_cost(reply, facts);
  if (reply.contains("notes") && !reply["notes"].is_array()) reply.erase("notes");
  if (facts == nullptr) return;
  const auto note = [&](const std::string& line) { reply["notes"].push_back(line); };
  const bool thinks = asks_for(asked, "thinking") && text_of(asked, "thinking") != "off";
  if (thinks && !can(*facts, "thinking")) note("thinking: " + facts->name + " does not think");
  if (asks_for(asked, "web_search") && !can(*facts, "web_search"))
    note("web search: " + facts->name + " has none; it answers from what it knows");
  if (!asked.contains("temperature") || !asked["temperature"].is_number()) return;
  const auto temperature = temperature_for(asked, *facts);
  if (!temperature)
    note("temperature: " + facts->name + " takes none");
  else if (*temperature != asked["temperature"].get<double>())
    note("temperature: " + facts->name + " takes " + json(facts->temperature.min).dump() + " to " +
         json(facts->temperature.max).dump());
}

}  // namespace toolpost
