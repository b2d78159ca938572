#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/client_hints.hpp"
#include "cli/command_failure.hpp"
#include "cli/commands.hpp"
#include "cli/interruption.hpp"
#include "cli/sample_arguments.hpp"
#include "cli/server_process.hpp"
#include "cli/text_table.hpp"
#include "store/sqlite_store.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

struct Sample {
  std::string name;  // of the line: the tool, or the provider that it asks
  std::string tool;
  std::string arguments;
  std::string provider;  // that the line is about; empty: the tool
};

/// What to call, and where the server keeps what the calls leave.
struct Plan {
  std::vector<Sample> samples;
  std::string state_dir;
  StoreSettings store;
};

struct Row {
  std::string name;
  std::string status;
  double ms = 0;
  json meta = json::object();  // turns, attempts, tokens
  bool good = false;
  bool called = false;
  std::string thread;  // that the call began
};

/// A folder of our own with one small text file, for the tools that take files; gone with this object.
class SampleFolder {
 public:
  SampleFolder() {
    std::error_code error;
    const auto temporary = std::filesystem::temp_directory_path(error);
    std::string name = ((error ? "/tmp" : temporary) / "toolpost-smoke-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) return;
    path_ = name;
    std::ofstream(file()) << "Toolpost tries its tools with this file. It says hello.\n";
  }
  ~SampleFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  SampleFolder(const SampleFolder&) = delete;
  SampleFolder& operator=(const SampleFolder&) = delete;

  std::string file() const { return path_ + "/hello.txt"; }
  /// Lets the server read it besides the folders that it may read anyway.
  void add_to(const json& roots) const {
    std::string list;
    for (const json& root : roots) list += root.get<std::string>() + ",";
    setenv("TOOLPOST_FILES__ROOTS", (list + path_).c_str(), 1);
  }

 private:
  std::string path_;
};

/// One chat with the first model of each provider that can be asked.
void add_providers(const json& status, std::vector<Sample>& samples) {
  for (const json& provider : status["providers"]) {
    const std::string name = provider.value("provider", "");
    // One that cannot be asked fails its line, as it should, and says why.
    const json& models = provider["models"];
    const std::string model = name + "/" + (models.empty() ? "default" : models[0].get<std::string>());
    samples.push_back(
        {"chat with " + name, "chat",
         json{{"prompt", "Say hello in one word."}, {"model", model}, {"use_websearch", false}}.dump(),
         name});
  }
}

Plan make_plan(const HostOptions& options, SmokeScope scope, const SampleFolder& folder) {
  Plan plan;
  std::vector<Sample>& samples = plan.samples;
  const auto host = set_up_host(options);
  if (!host) return plan;
  plan.state_dir = host->runtime->state_dir();
  plan.store = host->runtime->settings().store;
  PluginTable& plugins = host->runtime->plugins();
  if (scope == SmokeScope::all) ask_for_models(*host);
  const json status = json::parse(host->runtime->status_json(true));
  for (const std::string& tool : plugins.tool_names()) {
    const std::string& sample = plugins.tool(tool).method->manifest->sample;
    samples.push_back({tool, tool, with_sample_file(sample, folder.file()), ""});
    if (samples.back().arguments != sample) folder.add_to(status["file_roots"]);
  }
  if (scope == SmokeScope::all && plugins.tool("chat")) add_providers(status, samples);
  return plan;
}

std::string thread_of(const json& result) {
  const json content = result.value("structuredContent", json::object());
  for (const json& place : {content, content.value("continuation_offer", json())})
    if (place.is_object() && place.contains("continuation_id") && place["continuation_id"].is_string())
      return place["continuation_id"];
  return {};
}

/// The conversations that the samples began are nobody's; what they cost stays counted.
void forget_threads(const Plan& plan, const std::vector<std::string>& threads) {
  const auto store = SqliteStore::open(plan.state_dir + "/toolpost.db", plan.store, {});
  if (!store) return;
  const std::int64_t now = EventLoop().wall_ms();
  for (const std::string& id : threads)
    static_cast<void>((*store)->remove_threads(kLocalOwner, {ThreadRemoval::Which::named, {id}}, now));
}

/// What a failure means here: without a provider, a tool that only asks one has nothing to do, and says so.
bool needs_provider(const json& result) {
  return result.value("isError", false) &&
         result.value("_meta", json::object()).value("toolpost/error", json::object()).value("code", "") ==
             "unsupported";
}

Row call(ServerProcess& server, const Sample& sample) {
  Row row{sample.name, "no sample in its manifest", 0, json::object(), true, false, {}};
  if (sample.arguments.empty()) return row;
  if (server.silent())
    return {sample.name, "not called: the server owes an earlier answer", 0, json::object(), false, false,
            {}};
  row.called = true;
  const auto begin = std::chrono::steady_clock::now();
  const json result = server.request(
      "tools/call", {{"name", sample.tool}, {"arguments", json::parse(sample.arguments, nullptr, false)}});
  row.ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  row.good = false;
  if (!result.is_object() || !result.contains("content")) {
    row.status = server.silent() ? "no answer within 60 s" : "no answer: " + result.dump().substr(0, 200);
    return row;
  }
  row.meta = result.value("_meta", json::object()).value("toolpost/call", json::object());
  row.thread = thread_of(result);
  row.good = true;
  if (sample.provider.empty() && needs_provider(result)) {
    row.status = "ok, needs a provider that is not configured";
  } else if (result.value("isError", false)) {
    row.good = false;
    row.status = "failed: " + result["content"][0].value("text", "").substr(0, 200);
  } else {
    row.status = "ok";
  }
  return row;
}

std::vector<std::string> cells(const Row& row) {
  if (!row.called) return {row.name, "-", "-", "-", "-", row.status};
  char ms[32];
  std::snprintf(ms, sizeof ms, "%.1f ms", row.ms);
  const auto count = [&](const char* key) { return std::to_string(row.meta.value(key, 0)); };
  return {row.name, ms, count("turns"), count("attempts"), count("tokens"), row.status};
}

json as_json(const Row& row) {
  return {{"tool", row.name},
          {"good", row.good},
          {"called", row.called},
          {"ms", row.ms},
          {"turns", row.meta.value("turns", 0)},
          {"attempts", row.meta.value("attempts", 0)},
          {"tokens", row.meta.value("tokens", 0)},
          {"status", row.status}};
}

void print_hints() {
  std::cout << "\nConnect a client:\n";
  TextTable table({"  client", "how"});
  for (const ClientHint& hint : client_hints(install_prefix() + "/bin/toolpost", {}, "."))
    table.add({"  " + hint.name, hint.connect});
  std::cout << table.text();
}

}  // namespace

int run_smoke(const HostOptions& options, SmokeScope scope) {
  std::signal(SIGPIPE, SIG_IGN);
  const Interruption interruption;
  const SampleFolder folder;
  const Plan plan = make_plan(options, scope, folder);
  if (plan.samples.empty()) return 2;
  // What the server says of itself in its log is not what was asked here; its warnings are.
  setenv("TOOLPOST_LOG__LEVEL", "warn", 0);
  ServerProcess server(options, interruption.fd());
  const json discovered = server.request("server/discover", json::object());
  if (!discovered.is_object() || !discovered.contains("supportedVersions")) {
    std::cerr << "toolpost: the server did not answer server/discover\n";
    return 1;
  }
  const bool people = options.output == Output::human;
  TextTable table({"tool", "time", "turns", "attempts", "tokens", "status"});
  json list = json::array();
  bool good = true;
  std::vector<std::string> threads;
  for (const Sample& sample : plan.samples) {
    // A tool may take a minute; whoever watches sees which.
    if (people && isatty(STDERR_FILENO) == 1) std::cerr << "calling " << sample.name << " ...\n";
    const Row row = call(server, sample);
    if (server.interrupted()) break;
    good = good && row.good;
    table.add(cells(row));
    list.push_back(as_json(row));
    if (!row.thread.empty()) threads.push_back(row.thread);
  }
  forget_threads(plan, threads);
  if (server.interrupted()) return fail(options, {Errc::cancelled, "interrupted"}, Interruption::kExitStatus);
  if (people) {
    std::cout << table.text();
    print_hints();
  } else {
    std::cout << json{{"good", good}, {"tools", list}}.dump(1, ' ', false, json::error_handler_t::replace)
              << "\n";
  }
  return good ? 0 : 1;
}

}  // namespace toolpost
