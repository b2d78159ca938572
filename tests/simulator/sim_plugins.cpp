#include "sim_plugins.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "worker/turn_runner.hpp"

namespace toolpost::sim {
namespace {

using nlohmann::json;

const toolpost_call_1& host() {
  static const auto* table =
      static_cast<const toolpost_call_1*>(plugin_host().get_interface(TOOLPOST_CALL_1));
  return *table;
}

toolpost_text text(std::string_view from) {
  return {from.data(), from.size()};
}

/// The effects of one turn, the way a careful author of C writes them.
struct Effects {
  toolpost_call call;

  toolpost_status start(const char* kind, const std::string& request, toolpost_effect& effect,
                        std::uint32_t timeout_ms = 0) const {
    return host().start(call, text(kind), text(request), timeout_ms, &effect);
  }
  toolpost_status wait(toolpost_effect effect, std::string& result) const {
    toolpost_text got{};
    const toolpost_status status = host().wait(call, effect, &got);
    if (status != TOOLPOST_SUSPENDED && got.size != 0) result.assign(got.data, got.size);
    return status;
  }
  toolpost_status perform(const char* kind, const std::string& request, std::string& result,
                          std::uint32_t timeout_ms = 0) const {
    toolpost_effect effect = 0;
    const toolpost_status status = start(kind, request, effect, timeout_ms);
    return status == TOOLPOST_OK ? wait(effect, result) : status;
  }
  toolpost_status fail(toolpost_status status, const std::string& why,
                       std::uint32_t retry_after_ms = 0) const {
    host().set_error(call, text(why), retry_after_ms, TOOLPOST_SIDE_EFFECT_NONE);
    return status;
  }
  void emit(const json& reply) const {
    const std::string bytes = reply.dump();
    host().emit(call, text("application/json"), text(bytes));
  }
};

class ToolPlugin final : public SimPlugin {
 public:
  explicit ToolPlugin(std::string id) : id_(std::move(id)) {}
  const std::string& id() const override { return id_; }

  toolpost_status invoke(toolpost_call call, std::string_view request_text) override {
    const json request = json::parse(request_text);
    const Effects effects{call};
    // What no plugin should keep: a count of its runs, which makes it differ from run to run.
    const std::uint64_t run = ++runs_[request["nonce"].get<std::uint64_t>()];
    json answers = json::array();
    for (const json& step : request["steps"]) {
      const toolpost_status status = do_step(effects, step, run, answers);
      if (status != TOOLPOST_OK) return status;
    }
    return end(effects, request, answers);
  }

 private:
  static toolpost_status do_step(const Effects& effects, const json& step, std::uint64_t run, json& answers) {
    const std::string what = step["do"];
    std::string result;
    if (what == "ask") return ask(effects, step, answers);
    if (what == "ask_several") return ask_several(effects, step, answers);
    if (what == "sleep" || what == "file.read" || what == "store.put" || what == "thread.append" ||
        what == "no.such.effect") {
      const auto status =
          effects.perform(what.c_str(), step["request"].dump(), result, step.value("timeout_ms", 0u));
      return status == TOOLPOST_SUSPENDED ? status : TOOLPOST_OK;
    }
    if (what == "diverge")
      return effects.perform("sleep", json{{"ms", 1 + run % 3}}.dump(), result) == TOOLPOST_SUSPENDED
                 ? TOOLPOST_SUSPENDED
                 : TOOLPOST_OK;
    if (what == "finish_early") {
      if (run > 1) return TOOLPOST_OK;
      return effects.perform("sleep", R"({"ms":1})", result);
    }
    if (what == "flood_effects") {
      toolpost_effect effect = 0;
      for (int i = 0; i < 600; ++i) {
        const auto status = effects.start("sleep", R"({"ms":1})", effect);
        if (status != TOOLPOST_OK) return effects.fail(status, "no more effects");
      }
      return effects.wait(effect, result);
    }
    if (what == "flood_turns") {
      for (int i = 0; i < 600; ++i) {
        const auto status = effects.perform("sleep", R"({"ms":0})", result);
        if (status != TOOLPOST_OK) return effects.fail(status, "no more turns");
      }
      return TOOLPOST_OK;
    }
    if (what == "flood_log") {
      for (int i = 0; i < 1000; ++i) host().log(effects.call, TOOLPOST_LOG_INFO, text("again"));
      return TOOLPOST_OK;
    }
    if (what == "leave") {
      toolpost_effect effect = 0;
      const auto status = effects.start("sleep", R"({"ms":3600000})", effect);
      return status == TOOLPOST_SUSPENDED ? status : TOOLPOST_OK;
    }
    if (what == "foreign_effect") {
      const auto status = effects.wait(step["effect"].get<std::uint64_t>(), result);
      return status == TOOLPOST_SUSPENDED ? status : TOOLPOST_OK;
    }
    if (what == "wrong_join" || what == "broken_json") {
      const char* request = what == "wrong_join" ? R"({"handles":[12345],"need":7})" : R"({"handles":)";
      return effects.perform("join", request, result) == TOOLPOST_SUSPENDED ? TOOLPOST_SUSPENDED
                                                                            : TOOLPOST_OK;
    }
    if (what == "after_seal") {
      // Careless: goes on although the turn is over, and reports success.
      if (effects.perform("sleep", R"({"ms":2})", result) != TOOLPOST_SUSPENDED) return TOOLPOST_OK;
      effects.emit({{"nonce", 0}, {"answers", {"made up"}}});
      effects.perform("sleep", R"({"ms":99})", result);
      return TOOLPOST_INTERNAL;
    }
    return effects.fail(TOOLPOST_INVALID_INPUT, "no such step: " + what);
  }

  static toolpost_status ask(const Effects& effects, const json& step, json& answers) {
    std::string result;
    const auto status =
        effects.perform("provider", step["request"].dump(), result, step.value("timeout_ms", 0u));
    if (status == TOOLPOST_SUSPENDED) return status;
    answers.push_back(status == TOOLPOST_OK ? json::parse(result)["text"] : json(nullptr));
    return TOOLPOST_OK;
  }

  /// Asks in parallel and takes what a quorum has answered.
  static toolpost_status ask_several(const Effects& effects, const json& step, json& answers) {
    std::vector<toolpost_effect> asked;
    for (const json& request : step["requests"]) {
      toolpost_effect effect = 0;
      const auto status = effects.start("provider", request.dump(), effect);
      if (status != TOOLPOST_OK) return status;
      asked.push_back(effect);
    }
    std::string result;
    const json join = {{"handles", asked}, {"need", step["need"]}, {"timeout_ms", step["timeout_ms"]}};
    auto status = effects.perform("join", join.dump(), result);
    if (status != TOOLPOST_OK) return status == TOOLPOST_SUSPENDED ? status : TOOLPOST_OK;
    const json joined = json::parse(result);
    for (const json& handle : joined["done"]) {
      std::string answer;
      status = effects.wait(handle.get<std::uint64_t>(), answer);
      if (status == TOOLPOST_SUSPENDED) return status;
      answers.push_back(status == TOOLPOST_OK ? json::parse(answer)["text"] : json(nullptr));
    }
    return TOOLPOST_OK;
  }

  static toolpost_status end(const Effects& effects, const json& request, const json& answers) {
    const std::string how = request.value("end", "reply");
    if (how == "nothing") return TOOLPOST_OK;
    if (how == "error") return effects.fail(TOOLPOST_UNAVAILABLE, "as asked", 1500);
    if (how == "suspended") return TOOLPOST_SUSPENDED;
    if (how == "flood") effects.emit({{"nonce", request["nonce"]}, {"answers", std::string(100 << 10, 'x')}});
    if (how == "wrong") {
      effects.emit({{"wrong", true}});
    } else {
      effects.emit({{"nonce", request["nonce"]}, {"answers", answers}});
    }
    return TOOLPOST_OK;
  }

  const std::string id_;
  std::map<std::uint64_t, std::uint64_t> runs_;
};

class ProviderPlugin final : public SimPlugin {
 public:
  explicit ProviderPlugin(std::string id) : id_(std::move(id)) {}
  const std::string& id() const override { return id_; }

  toolpost_status invoke(toolpost_call call, std::string_view request_text) override {
    const json request = json::parse(request_text);
    const Effects effects{call};
    std::string result;
    if (request.value("uploads", false)) {
      const auto status = send(effects, request, "upload", result);
      if (status != TOOLPOST_OK) return status;
    }
    const auto status = send(effects, request, "chat", result);
    if (status != TOOLPOST_OK) return status;
    effects.emit({{"text", json::parse(result)["body"]}});
    return TOOLPOST_OK;
  }

 private:
  static toolpost_status send(const Effects& effects, const json& request, const char* part,
                              std::string& result) {
    const json sent = {
        {"method", "POST"}, {"model", request["model"]}, {"nonce", request["nonce"]}, {"part", part}};
    const auto status = effects.perform("http", sent.dump(), result);
    if (status == TOOLPOST_SUSPENDED) return status;
    if (status != TOOLPOST_OK) return effects.fail(status, result);
    const json answer = json::parse(result);
    const int code = answer["status"];
    const std::string words = answer["body"].is_string() ? answer["body"].get<std::string>() : "";
    const auto retry_after = answer.value("retry_after_ms", 0u);
    if (code == 200 && !answer["body"].is_string()) return effects.fail(TOOLPOST_BAD_UPSTREAM, "nonsense");
    if (code == 200) return TOOLPOST_OK;
    if (code == 429) return effects.fail(TOOLPOST_RATE_LIMITED, words, retry_after);
    if (code == 401) return effects.fail(TOOLPOST_UNAUTHENTICATED, words);
    if (code == 402) return effects.fail(TOOLPOST_EXHAUSTED, words);
    if (code == 400) return effects.fail(TOOLPOST_CONTENT_BLOCKED, words);
    return effects.fail(TOOLPOST_UNAVAILABLE, words, retry_after);
  }

  const std::string id_;
};

}  // namespace

const toolpost_invokable_1& SimPlugin::table() const {
  static const toolpost_invokable_1 table = {
      nullptr,
      [](void* instance, toolpost_call call, toolpost_text, toolpost_text request) {
        return static_cast<SimPlugin*>(instance)->invoke(call, {request.data, request.size});
      },
      nullptr};
  return table;
}

std::unique_ptr<SimPlugin> make_tool_plugin(std::string id) {
  return std::make_unique<ToolPlugin>(std::move(id));
}
std::unique_ptr<SimPlugin> make_provider_plugin(std::string id) {
  return std::make_unique<ProviderPlugin>(std::move(id));
}

}  // namespace toolpost::sim
