#pragma once
// Runs calls of a bundled tool in the test kit, with files, threads, models and git as a case describes them,
// and records each call as a journal: effects with their answers, and the reply.

#include <dlfcn.h>
#include <toolpost/testing/determinism.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>

namespace toolpost::testing {

inline std::string library_of(const std::string& plugin) {
  return std::string(TOOLPOST_BINARY_DIR) + "/lib/toolpost/plugins/" + plugin + ".so";
}

inline std::string text_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// True when snapshots are to be written anew instead of compared.
inline bool writes_snapshots() {
  return std::getenv("TOOLPOST_WRITE_SNAPSHOTS") != nullptr;
}

inline toolpost_status status_named(const std::string& name) {
  static const std::map<std::string, toolpost_status> names = {
      {"DEADLINE", TOOLPOST_DEADLINE},           {"NOT_FOUND", TOOLPOST_NOT_FOUND},
      {"PERMISSION", TOOLPOST_PERMISSION},       {"UNAVAILABLE", TOOLPOST_UNAVAILABLE},
      {"UNSUPPORTED", TOOLPOST_UNSUPPORTED},     {"EXHAUSTED", TOOLPOST_EXHAUSTED},
      {"RATE_LIMITED", TOOLPOST_RATE_LIMITED},   {"CONTENT_BLOCKED", TOOLPOST_CONTENT_BLOCKED},
      {"INVALID_INPUT", TOOLPOST_INVALID_INPUT}, {"CONFLICT", TOOLPOST_CONFLICT},
      {"BAD_UPSTREAM", TOOLPOST_BAD_UPSTREAM},   {"UNAUTHENTICATED", TOOLPOST_UNAUTHENTICATED}};
  return names.at(name);
}

/// One plugin in this process, made from `config`.
class LoadedTool {
 public:
  LoadedTool(const std::string& plugin, const std::string& config) {
    void* handle = dlopen(library_of(plugin).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) throw std::runtime_error(dlerror());
    using Entry = const toolpost_plugin* (*)(uint32_t);
    const auto entry = reinterpret_cast<Entry>(dlsym(handle, TOOLPOST_ENTRY_SYMBOL));
    table_ = static_cast<const toolpost_invokable_1*>(
        entry(TOOLPOST_ABI_MAJOR)->get_interface(TOOLPOST_INVOKABLE_1));
    if (table_->create(&ScriptedTurn::host(), {config.data(), config.size()}, &instance_) != TOOLPOST_OK)
      throw std::runtime_error("create() failed: " + plugin);
  }
  ~LoadedTool() { table_->destroy(instance_); }
  LoadedTool(const LoadedTool&) = delete;
  LoadedTool& operator=(const LoadedTool&) = delete;

  const toolpost_invokable_1& table() const { return *table_; }
  void* instance() const { return instance_; }

 private:
  const toolpost_invokable_1* table_ = nullptr;
  void* instance_ = nullptr;
};

/// The world of one case. A case is an object: "files" {path: text}, "folders" {path: [name]}, "provider"
/// (answers in order, or by model), "late" (models that never answer), "others" (states that other calls
/// store, each just before one of this case's appends; null for none), "git" {kind: answers}, "models",
/// "store" false for no store. An answer is a result, or {"fail": status, "message"}.
class ToolWorld {
 public:
  explicit ToolWorld(json world) : world_(std::move(world)) {}

  /// Runs one call; {"request", "effects", "reply"} or "error" instead of a reply. "$thread" in the request
  /// stands for the thread's id. The call is cut in every way as well; `divergence` says what differed then.
  json call(const std::string& plugin, const std::string& method, json request) {
    if (request.value("continuation_id", "") == "$thread") request["continuation_id"] = kThread;
    const std::string config = world_.value("config", json::object()).dump();
    const LoadedTool tool(plugin, config);
    std::vector<Answer> answers;
    std::size_t waits = 0;
    const std::set<std::size_t> none;
    ScriptedTurn* running = nullptr;
    const Script script = [&](std::size_t index, const std::string& kind, const json& effect) {
      if (answers.size() <= index) answers.resize(index + 1);
      ++waits;
      answers[index] = answer(kind, effect, running->observed().effects);
      return answers[index];
    };
    ScriptedTurn turn(script, none);
    running = &turn;
    turn.run(tool.table(), tool.instance(), method, request.dump());
    const Observed& observed = turn.observed();
    json record = {{"request", request}, {"effects", json::array()}};
    answers.resize(observed.effects.size());
    for (std::size_t i = 0; i < observed.effects.size(); ++i) {
      json effect = observed.effects[i];
      const bool waited = std::find(observed.waits.begin(), observed.waits.end(), i) != observed.waits.end();
      if (!waited) {
        effect["never_waited_for"] = true;
      } else if (answers[i].status == TOOLPOST_OK) {
        effect["result"] = answers[i].result;
      } else {
        effect["failed"] = {{"status", answers[i].status}, {"message", answers[i].message}};
      }
      record["effects"].push_back(std::move(effect));
    }
    if (observed.status == TOOLPOST_OK) {
      record["reply"] = json::parse(observed.parts.at(0)["bytes"].get<std::string>());
      keep(observed.effects, answers);
    } else {
      record["error"] = {{"status", observed.status}, {"message", observed.error}};
    }
    const TestCall again{method, request.dump(),
                         [answers](std::size_t index, const std::string&, const json&) {
                           return index < answers.size() ? answers[index] : Answer{};
                         },
                         config};
    if (cut_every_wait) divergence = check_determinism(library_of(plugin), again);
    return record;
  }

  std::string divergence;
  bool cut_every_wait = true;  // off for requests of megabytes, which take minutes then

 private:
  static constexpr const char* kThread = "thread-1";

  static Answer failed(const std::string& status, const std::string& message) {
    Answer answer;
    answer.status = status_named(status);
    answer.message = message;
    return answer;
  }
  static Answer from_case(const json& said) {
    if (said.is_object() && said.contains("fail"))
      return failed(said["fail"], said.value("message", "it failed"));
    Answer answer;
    answer.result = said;
    return answer;
  }
  /// The next of a list of answers; the last one stays.
  Answer next_of(const std::string& name, const json& list) {
    if (!list.is_array()) return from_case(list);
    const std::size_t place = std::min(taken_[name]++, list.size() - 1);
    return from_case(list.at(place));
  }

  Answer answer(const std::string& kind, const json& request, const json& started) {
    if (kind == "file.read") return read_file(request);
    if (kind == "file.list") return list_folder(request);
    if (kind == "thread.append") {
      if (!world_.value("store", true)) return failed("UNAVAILABLE", "nothing can be stored");
      if (const json other = next_of_others(); !other.is_null()) {
        turns_.push_back({{"tool", request["tool"]}});
        state_[request["tool"].get<std::string>()] = other;
      }
      if (request.value("after", turns_.size()) != turns_.size())
        return failed("CONFLICT", "another call has gone on with thread-1 meanwhile");
      return from_case({{"id", request.value("id", kThread)}, {"turns_left", 49 - turns_.size()}});
    }
    if (kind == "thread.read") {
      if (request.value("id", "") != kThread || turns_.empty())
        return failed("NOT_FOUND", "there is no such thread");
      return from_case({{"id", kThread}, {"turns", turns_}, {"state", state_}});
    }
    if (kind == "provider") return ask(request);
    if (kind == "join") return join(request, started);
    if (kind == "sleep") return from_case(json::object());
    if (kind == "host.status") return from_case(world_.value("host_status", json::object()));
    if (kind == "models") return from_case(world_.value("models", json{{"providers", json::array()}}));
    if (world_.contains("git") && world_["git"].contains(kind)) return next_of(kind, world_["git"][kind]);
    return failed("UNSUPPORTED", "this host knows no effect \"" + kind + "\"");
  }

  /// The state that another call stores just before this one is to store; null when there is none.
  json next_of_others() {
    const json others = world_.value("others", json::array());
    const std::size_t place = taken_["others"]++;
    return place < others.size() ? others[place] : json();
  }

  Answer read_file(const json& request) {
    const json files = world_.value("files", json::object());
    const std::string path = request.value("path", "");
    if (world_.value("folders", json::object()).contains(path))
      return failed("INVALID_INPUT", "path " + path + " is a folder; file.list lists it");
    if (!files.contains(path)) return failed("NOT_FOUND", "there is no file " + path);
    return from_case(files[path].is_string() ? json{{"path", path}, {"text", files[path]}} : files[path]);
  }

  Answer list_folder(const json& request) {
    const json folders = world_.value("folders", json::object());
    const std::string path = request.value("path", "");
    if (!folders.contains(path)) return failed("PERMISSION", "effect file.list is not granted");
    json entries = json::array();
    for (const json& name : folders[path])
      entries.push_back({{"path", path + "/" + name.get<std::string>()}, {"type", "file"}});
    return from_case({{"path", path}, {"entries", entries}, {"truncated", false}});
  }

  Answer ask(const json& request) {
    const json said = world_.value("provider", json());
    const std::string model = request.value("model", "");
    if (said.is_null() || (said.is_object() && !said.contains(model)))
      return failed("UNSUPPORTED", "no model provider is configured");
    Answer answer =
        next_of("provider " + (said.is_object() ? model : ""), said.is_object() ? said[model] : said);
    if (answer.status == TOOLPOST_OK && answer.result.is_string()) {
      const std::string text = answer.result;
      answer.result = {{"text", text},
                       {"model", model == "auto" ? "m" : model},
                       {"provider", "p"},
                       {"usage", {{"input_tokens", 10}, {"output_tokens", 5}}}};
    }
    return answer;
  }

  Answer join(const json& request, const json& started) {
    json done = json::array();
    const json late = world_.value("late", json::array());
    for (const json& handle : request["handles"]) {
      const json& effect = started.at(handle.get<std::size_t>() - 1);
      const json model = effect["request"].value("model", json());
      if (std::find(late.begin(), late.end(), model) == late.end()) done.push_back(handle);
    }
    return from_case({{"done", done}, {"timed_out", done.size() < request["need"].get<std::size_t>()}});
  }

  /// What the store has after the call, as the host does it.
  void keep(const json& effects, const std::vector<Answer>& answers) {
    for (std::size_t i = 0; i < effects.size(); ++i) {
      const json& effect = effects[i];
      if (effect["kind"] != "thread.append" || answers.at(i).status != TOOLPOST_OK) continue;
      const json& append = effect["request"];
      turns_.push_back(append["turn"]);
      if (append.contains("state")) state_[append["tool"].get<std::string>()] = append["state"];
    }
  }

  json world_;
  json turns_ = json::array();
  json state_ = json::object();
  std::map<std::string, std::size_t> taken_;
};

}  // namespace toolpost::testing
