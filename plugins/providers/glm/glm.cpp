// glm: the models of Z.AI and Zhipu. The web search runs within the request; what it found comes beside the
// answer and is cited in the reply. Searches and files have endpoints of their own.
#include <toolpost/provider/chat_completions.hpp>

namespace {

using toolpost::Call;
using toolpost::json;
using namespace toolpost::provider;

constexpr int kResults = 10;

/// The server's word for how old a page may be.
std::string recency_word(const std::string& recency) {
  if (recency == "day") return "oneDay";
  if (recency == "week") return "oneWeek";
  if (recency == "month") return "oneMonth";
  if (recency == "year") return "oneYear";
  return "noLimit";
}

class Glm : public ChatCompletions {
 public:
  explicit Glm(const json& config)
      : ChatCompletions(config, "glm"), search_engine_(config.value("search_engine", "search-prime")) {}

 private:
  void adapt(json& body, const json& request) const override {
    const std::string level = thinking_level(request);
    if (!level.empty()) body["thinking"] = {{"type", level == "off" ? "disabled" : "enabled"}};
    // There is no JSON Schema here: the shape is asked for in words.
    if (wanted_schema(request) != nullptr)
      body["messages"].insert(body["messages"].begin(),
                              json{{"role", "system"}, {"content", json_sentence(request)}});
    if (!asks(request, "web_search")) return;
    body["tools"].push_back({{"type", "web_search"},
                             {"web_search",
                              {{"enable", true},
                               {"search_engine", search_engine_},
                               {"search_result", true},
                               {"count", kResults},
                               {"content_size", "medium"}}}});
  }

  void read_vendor(const json& piece, Reply& reply) const override {
    // An error without "error": {"code": 1234, "msg": "...", "success": false}.
    if (!piece.contains("choices") && piece.contains("code") &&
        (piece.contains("msg") || piece.contains("message")))
      fail_inside(name(), piece);
    const json& found = list_member(piece, "web_search");
    for (const json& page : found)
      reply.cite(text_member(page, "link"), text_member(page, "title"), text_member(page, "content"));
    if (!found.empty()) reply.usage.web_searches = std::max<std::int64_t>(reply.usage.web_searches, 1);
  }

  json search(Call& call, const json& request) const override {
    json body = {{"search_engine", request.value("engine", search_engine_)},
                 {"search_query", request.at("query")},
                 {"count", request.value("count", kResults)},
                 {"search_recency_filter", recency_word(request.value("recency", "any"))}};
    if (request.contains("domain")) body["search_domain_filter"] = request["domain"];
    for (const char* same : {"request_id", "user_id"})
      if (request.contains(same)) body[same] = request[same];
    json http = order("POST", "/web_search");
    http["json"] = std::move(body);
    const json found = body_of(call.http(http));
    json results = json::array();
    for (const json& page : list_member(found, "search_result")) {
      json result = {{"url", text_member(page, "link")}, {"title", text_member(page, "title")}};
      if (page.contains("content")) result["text"] = text_member(page, "content");
      if (page.contains("publish_date")) result["date"] = text_member(page, "publish_date");
      results.push_back(std::move(result));
    }
    return {{"results", results}};
  }

  const char* usual_purpose() const override { return "agent"; }
  json extract(Call& call, const json& request) const override { return extract_sent_file(call, request); }

  const std::string search_engine_;
};

}  // namespace

TOOLPOST_PLUGIN(Glm)
