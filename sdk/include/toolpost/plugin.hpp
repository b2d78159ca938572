#pragma once
// The C++ layer over plugin.h: a tool is a class with one function. Suspension, errors and exceptions are
// taken care of: `wait` unwinds by itself when a result is not there yet, and whatever leaves invoke()
// becomes a status.
//
//   #include <toolpost/plugin.hpp>
//   struct Weather : toolpost::Plugin {
//     toolpost::json invoke(toolpost::Call& call, std::string_view, const toolpost::json& request) override {
//       return call.http({{"url", "https://api.example/now?place=" + request.value("place",
//       "Ulm")}})["body_json"];
//     }
//   };
//   TOOLPOST_PLUGIN(Weather)

#include <toolpost/plugin.h>

#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace toolpost {

using json = nlohmann::json;

/// Its own namespace, for programs that hold a host as well: the host's error has the same name.
inline namespace sdk {

/// Why a call fails, thrown by effects and by plugins. Whoever does not catch it passes it on to the caller.
class Error : public std::runtime_error {
 public:
  Error(toolpost_status status, const std::string& message, std::uint32_t retry_after_ms = 0,
        toolpost_side_effect side_effect = TOOLPOST_SIDE_EFFECT_NONE)
      : std::runtime_error(message),
        status_(status),
        retry_after_ms_(retry_after_ms),
        side_effect_(side_effect) {}
  toolpost_status status() const { return status_; }
  std::uint32_t retry_after_ms() const { return retry_after_ms_; }
  toolpost_side_effect side_effect() const { return side_effect_; }

 private:
  toolpost_status status_;
  std::uint32_t retry_after_ms_;
  toolpost_side_effect side_effect_;
};

}  // namespace sdk

/// Unwinds a turn whose result is not there yet. Not derived from std::exception, so that `catch
/// (std::exception&)` lets it pass; should something swallow it all the same, the host has sealed the turn
/// and nothing is lost.
struct Suspended {};

/// A started effect; the same value in every turn of a call.
struct Effect {
  toolpost_effect handle = 0;
};

/// One turn's view of its call. Threads: the one that runs invoke().
class Call {
 public:
  Call(const toolpost_call_1& table, toolpost_call call) : table_(table), call_(call) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /// Asks for an effect and goes on. `timeout_ms` 0 leaves the time to the host.
  Effect start(std::string_view kind, const json& request, std::uint32_t timeout_ms = 0) {
    const std::string body = request.dump(-1, ' ', false, json::error_handler_t::replace);
    Effect effect;
    const toolpost_status status = table_.start(call_, text(kind), text(body), timeout_ms, &effect.handle);
    if (status == TOOLPOST_SUSPENDED) throw Suspended{};
    if (status != TOOLPOST_OK) throw Error(status, "effect " + std::string(kind) + " was not accepted");
    return effect;
  }
  /// The result of an effect. Throws Error when it failed.
  json wait(Effect effect) {
    toolpost_text result{nullptr, 0};
    const toolpost_status status = table_.wait(call_, effect.handle, &result);
    if (status == TOOLPOST_SUSPENDED) throw Suspended{};
    const std::string_view bytes =
        result.size == 0 ? std::string_view{} : std::string_view(result.data, result.size);
    if (status != TOOLPOST_OK) throw Error(status, std::string(bytes));
    return json::parse(bytes);
  }
  json perform(std::string_view kind, const json& request, std::uint32_t timeout_ms = 0) {
    return wait(start(kind, request, timeout_ms));
  }
  json http(const json& request) { return perform("http", request); }
  json provider(const json& request) { return perform("provider", request); }
  json read_file(const std::string& path) { return perform("file.read", {{"path", path}}); }
  /// Asks the client's user. `form` is a JSON Schema object of plain fields; its answer is {"action":
  /// "accept" | "decline" | "cancel", "content": {...}}. Throws UNSUPPORTED at once when the client cannot
  /// ask.
  json ask(const std::string& message,
           const json& form = {{"type", "object"}, {"properties", json::object()}}) {
    return perform("ask", {{"message", message}, {"schema", form}});
  }
  /// Asks the client's own model: {"messages": [...], "system", "output_tokens_max", ...} for {"text",
  /// "model", "finish_reason"}. Throws UNSUPPORTED at once when the client lends none.
  json sample(const json& question) { return perform("sample", question); }
  void sleep_ms(std::uint64_t ms) { perform("sleep", {{"ms", ms}}); }

  /// Waits until `need` of the effects are done or the time is over; returns those that are, in the order
  /// they finished.
  std::vector<Effect> join(const std::vector<Effect>& effects, std::size_t need,
                           std::uint64_t timeout_ms = 0) {
    json request = {{"handles", json::array()}, {"need", need}};
    for (const Effect effect : effects) request["handles"].push_back(effect.handle);
    if (timeout_ms != 0) request["timeout_ms"] = timeout_ms;
    std::vector<Effect> done;
    const json result = perform("join", request);
    for (const json& handle : result.at("done")) done.push_back({handle.get<toolpost_effect>()});
    return done;
  }

  void progress(double done, double total, std::string_view message) {
    table_.progress(call_, done, total, text(message));
  }
  void log(toolpost_log_level level, std::string_view line) { table_.log(call_, level, text(line)); }
  std::int64_t now_ms() const { return table_.now_ms(call_); }
  std::uint64_t random() { return table_.random(call_); }
  std::int64_t remaining_ms() const { return table_.remaining_ms(call_); }
  bool cancelled() const { return table_.cancelled(call_) != 0; }

  /// Adds a further part to the reply, after what invoke() returns is not possible: emit before returning
  /// null.
  void emit(std::string_view media_type, std::string_view part) {
    table_.emit(call_, text(media_type), text(part));
  }

  static toolpost_text text(std::string_view from) { return {from.data(), from.size()}; }

 private:
  const toolpost_call_1& table_;
  toolpost_call call_;
};

/// What a plugin implements. One instance serves many calls in turn; it keeps nothing of a call.
class Plugin {
 public:
  virtual ~Plugin() = default;
  /// Returns the reply: a JSON object, a string (sent as text), or null when everything was emitted.
  virtual json invoke(Call& call, std::string_view method, const json& request) = 0;
};

inline toolpost_status run_invoke(Plugin& plugin, const toolpost_call_1& table, toolpost_call handle,
                                  toolpost_text method, toolpost_text request) noexcept {
  const auto failed = [&](toolpost_status status, const char* why, std::uint32_t retry_after_ms,
                          toolpost_side_effect side_effect) {
    table.set_error(handle, {why, std::strlen(why)}, retry_after_ms, side_effect);
    return status;
  };
  try {
    Call call(table, handle);
    const json reply = plugin.invoke(call, {method.data, method.size},
                                     json::parse(std::string_view(request.data, request.size)));
    if (reply.is_string()) {
      call.emit("text/plain", reply.get_ref<const std::string&>());
    } else if (!reply.is_null()) {
      call.emit("application/json", reply.dump(-1, ' ', false, json::error_handler_t::replace));
    }
    return TOOLPOST_OK;
  } catch (const Suspended&) {
    return TOOLPOST_SUSPENDED;
  } catch (const Error& error) {
    return failed(error.status(), error.what(), error.retry_after_ms(), error.side_effect());
  } catch (const std::exception& error) {
    return failed(TOOLPOST_INTERNAL, error.what(), 0, TOOLPOST_SIDE_EFFECT_MAYBE);
  } catch (...) {
    return failed(TOOLPOST_INTERNAL, "the plugin threw something that is no std::exception", 0,
                  TOOLPOST_SIDE_EFFECT_MAYBE);
  }
}

/// The C tables around a Plugin class; TOOLPOST_PLUGIN makes them.
template <typename Type>
class PluginTables {
 public:
  static const toolpost_plugin* entry(std::uint32_t abi_major) {
    static const toolpost_plugin plugin = {sizeof(toolpost_plugin), TOOLPOST_ABI_MINOR, get_interface};
    return abi_major == TOOLPOST_ABI_MAJOR ? &plugin : nullptr;
  }

 private:
  struct Instance {
    const toolpost_call_1* table;
    std::unique_ptr<Type> plugin;
  };
  static const void* get_interface(const char* id) {
    static const toolpost_invokable_1 invokable = {create, invoke, destroy};
    return std::strcmp(id, TOOLPOST_INVOKABLE_1) == 0 ? &invokable : nullptr;
  }
  static toolpost_status create(const toolpost_host* host, toolpost_text config, void** instance) noexcept {
    try {
      const auto* table = static_cast<const toolpost_call_1*>(host->get_interface(TOOLPOST_CALL_1));
      if (table == nullptr) return TOOLPOST_UNSUPPORTED;
      std::unique_ptr<Type> plugin;
      if constexpr (std::is_constructible_v<Type, const json&>) {
        plugin = std::make_unique<Type>(json::parse(std::string_view(config.data, config.size)));
      } else {
        plugin = std::make_unique<Type>();
      }
      *instance = new Instance{table, std::move(plugin)};
      return TOOLPOST_OK;
    } catch (const Error& error) {
      return error.status();
    } catch (...) {
      return TOOLPOST_INTERNAL;
    }
  }
  static toolpost_status invoke(void* instance, toolpost_call call, toolpost_text method,
                                toolpost_text request) noexcept {
    auto* self = static_cast<Instance*>(instance);
    return run_invoke(*self->plugin, *self->table, call, method, request);
  }
  static void destroy(void* instance) noexcept { delete static_cast<Instance*>(instance); }
};

}  // namespace toolpost

/// Exports `Type`, a toolpost::Plugin that is made from nothing or from `const json& config`. Once per
/// library.
#define TOOLPOST_PLUGIN(Type)                                                                   \
  extern "C" TOOLPOST_EXPORT const toolpost_plugin* toolpost_plugin_entry(uint32_t abi_major) { \
    return toolpost::PluginTables<Type>::entry(abi_major);                                      \
  }
