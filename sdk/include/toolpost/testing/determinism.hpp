#pragma once
// The test kit's question: does a plugin do the same whatever turns its call is cut into? Runs a call whole,
// then suspended at each wait alone and at all of them, in a fresh process, in one dirtied by other calls,
// and under another address layout, and names the first effect or output that differs.
//
//   const auto problem = toolpost::testing::check_determinism("build/weather.so", {"forecast",
//   R"({"place":"Ulm"})", script}); assert(problem.empty());

#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <toolpost/testing/scripted_host.hpp>

#include <algorithm>
#include <csignal>

namespace toolpost::testing {

struct TestCall {
  std::string method;
  std::string request = "{}";
  Script script = [](std::size_t, const std::string&, const json&) { return Answer{}; };
  std::string config = "{}";
};

enum class Layout { usual, shifted };

/// Runs `body` in a forked process and returns the JSON it made; {"died": status} if it did not live to make
/// one.
inline json in_fresh_process(const std::function<json()>& body) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("pipe");
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    // The test runner's own handlers would speak for a plugin that dies.
    for (const int fatal : {SIGSEGV, SIGABRT, SIGFPE, SIGILL, SIGBUS, SIGTERM}) std::signal(fatal, SIG_DFL);
    std::string text;
    try {
      text = body().dump();
    } catch (const std::exception& why) {
      text = json{{"problem", why.what()}}.dump();
    }
    for (std::string_view rest = text; !rest.empty();) {
      const ssize_t wrote = write(ends[1], rest.data(), rest.size());
      if (wrote <= 0) break;
      rest.remove_prefix(static_cast<std::size_t>(wrote));
    }
    _exit(0);
  }
  close(ends[1]);
  std::string text;
  char buffer[65536];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  json parsed = json::parse(text, nullptr, false);
  return parsed.is_discarded() ? json{{"died", status}} : parsed;
}

/// In a fresh process: loads the plugin, runs `dirt` whole first, then `call` suspended at `suspend`.
inline json run_in_worker(const std::string& library, const TestCall& call, std::set<std::size_t> suspend,
                          const std::vector<TestCall>& dirt, Layout layout) {
  return in_fresh_process([&]() -> json {
    if (layout == Layout::shifted) {
      // The library lands elsewhere: whatever depends on an address shows.
      for (int i = 0; i < 64; ++i)
        mmap(nullptr, (1u << 20) * 3, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return {{"problem", dlerror()}};
    using Entry = const toolpost_plugin* (*)(uint32_t);
    const auto entry = reinterpret_cast<Entry>(dlsym(handle, TOOLPOST_ENTRY_SYMBOL));
    const toolpost_plugin* plugin = entry == nullptr ? nullptr : entry(TOOLPOST_ABI_MAJOR);
    if (plugin == nullptr) return {{"problem", "no plugin of this ABI"}};
    const auto* table = static_cast<const toolpost_invokable_1*>(plugin->get_interface(TOOLPOST_INVOKABLE_1));
    void* instance = nullptr;
    if (table == nullptr || table->create(&ScriptedTurn::host(), {call.config.data(), call.config.size()},
                                          &instance) != TOOLPOST_OK) {
      return {{"problem", "create() failed"}};
    }
    const std::set<std::size_t> none;
    for (const TestCall& other : dirt) {
      ScriptedTurn turn(other.script, none);
      turn.run(*table, instance, other.method, other.request);
    }
    // Each suspension is answered before the next turn, as the host does.
    for (;;) {
      ScriptedTurn turn(call.script, suspend);
      if (!turn.run(*table, instance, call.method, call.request)) return turn.observed().to_json();
      suspend.erase(turn.suspended_at());
    }
  });
}

/// Empty when every way of running `call` gives the same effects and output; else what differed, and how it
/// was run.
inline std::string check_determinism(const std::string& library, const TestCall& call,
                                     const std::vector<TestCall>& dirt = {}) {
  const json whole = run_in_worker(library, call, {}, {}, Layout::usual);
  if (!whole.contains("effects")) return "the plugin did not run: " + whole.dump();
  const auto compare = [&](const std::string& how, const json& other) -> std::string {
    if (other == whole) return {};
    if (!other.contains("effects")) return how + ": " + other.dump();
    const json& expected = whole["effects"];
    const json& found = other["effects"];
    for (std::size_t i = 0; i < std::max(expected.size(), found.size()); ++i) {
      if (i >= expected.size() || i >= found.size() || expected[i] != found[i]) {
        return how + ": effect " + std::to_string(i + 1) + " was " +
               (i < expected.size() ? expected[i].dump() : "not there") + ", is now " +
               (i < found.size() ? found[i].dump() : "not there");
      }
    }
    return how + ": the output was " + whole["parts"].dump() + ", is now " + other["parts"].dump();
  };
  std::set<std::size_t> all;
  for (const json& wait : whole["waits"]) all.insert(wait.get<std::size_t>());
  std::vector<std::pair<std::string, std::set<std::size_t>>> cuts = {{"whole", {}},
                                                                     {"suspended at every wait", all}};
  for (const std::size_t wait : all)
    cuts.push_back({"suspended at effect " + std::to_string(wait + 1), {wait}});
  for (const auto& [how, suspend] : cuts) {
    std::string problem =
        compare(how + ", fresh worker", run_in_worker(library, call, suspend, {}, Layout::usual));
    if (problem.empty())
      problem = compare(how + ", used worker",
                        run_in_worker(library, call, suspend,
                                      dirt.empty() ? std::vector<TestCall>{call} : dirt, Layout::usual));
    if (problem.empty())
      problem =
          compare(how + ", other addresses", run_in_worker(library, call, suspend, {}, Layout::shifted));
    if (!problem.empty()) return problem;
  }
  return {};
}

}  // namespace toolpost::testing
