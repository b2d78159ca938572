#pragma once
// The test kit's host: runs one turn of a plugin with effects answered from a script, and notes what the
// plugin did. For authors' tests; it performs nothing and needs nothing of Toolpost but plugin.h.

#include <toolpost/plugin.h>

#include <cstring>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace toolpost::testing {

using json = nlohmann::json;

/// What the script says to one effect: a result, or a failure with a status and a sentence.
struct Answer {
  json result = json::object();
  toolpost_status status = TOOLPOST_OK;
  std::string message;
};

/// Answers effect number `index` (from 0) of a call.
using Script = std::function<Answer(std::size_t index, const std::string& kind, const json& request)>;

/// What a plugin did in one run: compared as a whole, so that any difference shows.
struct Observed {
  toolpost_status status = TOOLPOST_OK;
  std::string error;
  json effects = json::array();    // of {kind, request}, in the order they were started
  json parts = json::array();      // of {media_type, bytes}
  std::vector<std::size_t> waits;  // effects that were waited for, in order
  json to_json() const {
    return {{"status", status}, {"error", error}, {"effects", effects}, {"parts", parts}, {"waits", waits}};
  }
};

/// One turn. Waits in `suspend` answer SUSPENDED the first time. Threads: one turn at a time.
class ScriptedTurn {
 public:
  ScriptedTurn(const Script& script, const std::set<std::size_t>& suspend)
      : script_(script), suspend_(suspend) {
    current() = this;
  }
  ~ScriptedTurn() { current() = nullptr; }
  ScriptedTurn(const ScriptedTurn&) = delete;
  ScriptedTurn& operator=(const ScriptedTurn&) = delete;

  /// True when the plugin suspended; `observed()` is then what it had done so far.
  bool run(const toolpost_invokable_1& plugin, void* instance, const std::string& method,
           const std::string& request) {
    const toolpost_status status =
        plugin.invoke(instance, 1, {method.data(), method.size()}, {request.data(), request.size()});
    observed_.status = sealed_ ? TOOLPOST_SUSPENDED : status;
    if (sealed_) observed_.parts = json::array();
    return sealed_;
  }
  std::size_t suspended_at() const { return suspended_at_; }
  const Observed& observed() const { return observed_; }

  static const toolpost_host& host() {
    static const toolpost_host host = {sizeof(toolpost_host), TOOLPOST_ABI_MINOR,
                                       [](const char* id) -> const void* {
                                         return std::strcmp(id, TOOLPOST_CALL_1) == 0 ? &table() : nullptr;
                                       }};
    return host;
  }

 private:
  static ScriptedTurn*& current() {
    static ScriptedTurn* turn = nullptr;
    return turn;
  }
  static std::string copy(toolpost_text text) {
    return text.size == 0 ? std::string() : std::string(text.data, text.size);
  }

  toolpost_status start(const std::string& kind, const std::string& request, toolpost_effect* effect) {
    if (sealed_) return TOOLPOST_SUSPENDED;
    json parsed = json::parse(request, nullptr, false);
    if (parsed.is_discarded()) return TOOLPOST_INVALID_INPUT;
    observed_.effects.push_back({{"kind", kind}, {"request", parsed}});
    *effect = observed_.effects.size();
    return TOOLPOST_OK;
  }
  toolpost_status wait(toolpost_effect effect, toolpost_text* result) {
    if (sealed_) return TOOLPOST_SUSPENDED;
    if (effect == 0 || effect > observed_.effects.size()) return TOOLPOST_INVALID_INPUT;
    const std::size_t index = effect - 1;
    if (suspend_.count(index) != 0) {
      sealed_ = true;
      suspended_at_ = index;
      return TOOLPOST_SUSPENDED;
    }
    observed_.waits.push_back(index);
    const json& started = observed_.effects[index];
    const Answer answer = script_(index, started["kind"], started["request"]);
    results_.push_back(answer.status == TOOLPOST_OK ? answer.result.dump() : answer.message);
    const std::string& kept = results_.back();
    *result = {kept.data(), kept.size()};
    return answer.status;
  }

  static const toolpost_call_1& table() {
    static const toolpost_call_1 calls = {
        [](toolpost_call, toolpost_text kind, toolpost_text request, uint32_t, toolpost_effect* effect) {
          return current()->start(copy(kind), copy(request), effect);
        },
        [](toolpost_call, toolpost_effect effect, toolpost_text* result) {
          return current()->wait(effect, result);
        },
        [](toolpost_call, toolpost_text media_type, toolpost_text part) -> toolpost_status {
          if (current()->sealed_) return TOOLPOST_SUSPENDED;
          current()->observed_.parts.push_back({{"media_type", copy(media_type)}, {"bytes", copy(part)}});
          return TOOLPOST_OK;
        },
        [](toolpost_call, toolpost_text message, uint32_t, toolpost_side_effect) -> toolpost_status {
          if (!current()->sealed_) current()->observed_.error = copy(message);
          return TOOLPOST_OK;
        },
        [](toolpost_call, double, double, toolpost_text) -> toolpost_status { return TOOLPOST_OK; },
        [](toolpost_call, toolpost_log_level, toolpost_text) -> toolpost_status { return TOOLPOST_OK; },
        // A fixed clock and a fixed sequence: what differs between runs is then the plugin's own doing.
        [](toolpost_call) -> int64_t {
          return 1'767'225'600'000 + static_cast<int64_t>(current()->observed_.waits.size());
        },
        [](toolpost_call) -> uint64_t { return 0x9e3779b97f4a7c15ULL * ++current()->random_; },
        [](toolpost_call) -> int64_t { return 45'000; }, [](toolpost_call) -> uint32_t { return 0; }};
    return calls;
  }

  const Script& script_;
  const std::set<std::size_t>& suspend_;
  Observed observed_;
  std::vector<std::string> results_ =
      reserved();  // results stay valid until invoke() returns: never reallocated
  static std::vector<std::string> reserved() {
    std::vector<std::string> results;
    results.reserve(4096);
    return results;
  }
  bool sealed_ = false;
  std::size_t suspended_at_ = 0;
  std::uint64_t random_ = 0;
};

}  // namespace toolpost::testing
