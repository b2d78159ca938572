// openai: any server with OpenAI's chat-completions interface. What differs between the well-known ones is a
// row of kDialects; everything else is the library's. A codec only: the host sends, waits, retries.
#include <toolpost/provider/chat_completions.hpp>

namespace {

using toolpost::Call;
using toolpost::json;
using namespace toolpost::provider;

enum class Thinking { none, effort, effort_object, on_off };
enum class Search { none, options, plugin };

struct Dialect {
  const char* name;
  const char* host_ending;  // of the servers that speak it
  const char* output_limit;
  Thinking thinking;
  Search search;
  const char* cache_key;  // the member that routes a conversation to its cache; null if there is none
};

// The last one is everybody else: vLLM, Ollama, llama.cpp, LM Studio, gateways. It sends no extensions, since
// a strict server refuses what it does not know.
constexpr Dialect kDialects[] = {
    {"openai", "api.openai.com", "max_completion_tokens", Thinking::effort, Search::options,
     "prompt_cache_key"},
    {"azure", ".azure.com", "max_completion_tokens", Thinking::effort, Search::none, "prompt_cache_key"},
    {"openrouter", "openrouter.ai", "max_tokens", Thinking::effort_object, Search::plugin, nullptr},
    {"xai", "api.x.ai", "max_completion_tokens", Thinking::effort, Search::none, nullptr},
    {"deepseek", "api.deepseek.com", "max_tokens", Thinking::on_off, Search::none, nullptr},
    {"compatible", nullptr, "max_tokens", Thinking::none, Search::none, nullptr},
};

std::string host_of(const std::string& url) {
  const std::size_t begin = url.find("://");
  const std::size_t from = begin == std::string::npos ? 0 : begin + 3;
  return url.substr(from, url.find_first_of(":/", from) - from);
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

const Dialect& choose_dialect(const std::string& wanted, const std::string& base_url) {
  const std::string host = host_of(base_url);
  for (const Dialect& dialect : kDialects) {
    if (wanted == dialect.name) return dialect;
    if (wanted.empty() && dialect.host_ending != nullptr && ends_with(host, dialect.host_ending))
      return dialect;
  }
  return kDialects[std::size(kDialects) - 1];
}

class OpenAi : public ChatCompletions {
 public:
  explicit OpenAi(const json& config)
      : ChatCompletions(config, "openai"),
        dialect_(choose_dialect(config.value("dialect", ""), base_url())),
        api_version_(config.value("api_version", "")) {}

 private:
  const char* output_limit_name() const override { return dialect_.output_limit; }

  // Azure's older form names the deployment and the version in the URL.
  std::string chat_path(const json& request) const override {
    if (api_version_.empty()) return "/chat/completions";
    return "/deployments/" + text_member(request, "model") + "/chat/completions?api-version=" + api_version_;
  }

  void adapt(json& body, const json& request) const override {
    if (const json* schema = wanted_schema(request)) {
      body["response_format"] = {{"type", "json_schema"},
                                 {"json_schema", {{"name", "answer"}, {"schema", *schema}}}};
    }
    add_thinking(body, thinking_level(request));
    if (asks(request, "web_search") && searches(request)) add_search(body);
    const std::string cache = text_member(request, "cache");
    if (dialect_.cache_key != nullptr && !cache.empty()) body[dialect_.cache_key] = cache;
    if (dialect_.search == Search::plugin)
      body["usage"] = {{"include", true}};  // OpenRouter then tells the cost
  }

  void add_thinking(json& body, const std::string& level) const {
    if (level.empty()) return;
    const std::string effort = level == "max" ? "high" : level;
    if (dialect_.thinking == Thinking::effort && level != "off") body["reasoning_effort"] = effort;
    if (dialect_.thinking == Thinking::effort_object)
      body["reasoning"] = level == "off" ? json{{"enabled", false}} : json{{"effort", effort}};
    if (dialect_.thinking == Thinking::on_off)
      body["thinking"] = {{"type", level == "off" ? "disabled" : "enabled"}};
  }

  // OpenAI searches with its search models only, and refuses the option for the others.
  bool searches(const json& request) const {
    if (dialect_.search == Search::options)
      return text_member(request, "model").find("search") != std::string::npos;
    return dialect_.search != Search::none;
  }

  void add_search(json& body) const {
    if (dialect_.search == Search::options) body["web_search_options"] = json::object();
    if (dialect_.search == Search::plugin) body["plugins"] = json::array({json{{"id", "web"}}});
  }

  json chat(Call& call, const json& request) const override {
    Reply reply;
    if (asks(request, "web_search") && !searches(request))
      reply.note("web search: " + name() + " has none for this model, which answers from what it knows");
    read_answer(call.http(chat_order(request)), reply);
    // Annotations are all that most of these servers show of a search.
    if (reply.usage.web_searches == 0 && asks(request, "web_search") && !reply.citations.empty())
      reply.usage.web_searches = 1;
    return reply.to_json(name(), text_member(request, "model"));
  }

  void read_vendor(const json& piece, Reply& reply) const override {
    for (const json& url : list_member(piece, "citations"))  // X.AI's
      if (url.is_string()) reply.cite(url.get<std::string>(), "");
    const std::int64_t sources = count_of(object_member(piece, "usage"), "num_sources_used");
    if (sources != 0) reply.usage.web_searches = 1;
  }

  const Dialect& dialect_;
  const std::string api_version_;
};

}  // namespace

TOOLPOST_PLUGIN(OpenAi)
