// What doctor, smoke and the log folder look at on a machine.
#include <nlohmann/json.hpp>

#include "base/time.hpp"
#include "cli/client_hints.hpp"
#include "cli/host_log.hpp"
#include "cli/text_table.hpp"
#include "program.hpp"
#include "store/sqlite_store.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

ClientHint hint_of(const std::string& name, const ProgramHome& home) {
  for (const ClientHint& hint : client_hints(
           "/opt/toolpost", {{"HOME", home.path()}, {"PATH", home.path() + "/bin"}}, home.path() + "/work"))
    if (hint.name == name) return hint;
  FAIL("no such client");
  return {};
}

std::vector<std::string> lines_with(const std::string& text, const std::string& words) {
  std::vector<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line.find(words) != std::string::npos) found.push_back(line);
  return found;
}

}  // namespace

TEST_CASE("client hints: a client is seen by its program or its file, and known by what the file says",
          "[cli]") {
  ProgramHome home;
  CHECK(hint_of("Claude Code", home).state == ClientHint::State::absent);
  home.write("bin/claude", "#!/bin/sh\n", 0755);
  CHECK(hint_of("Claude Code", home).state == ClientHint::State::unconnected);
  CHECK(hint_of("Claude Code", home).connect == "claude mcp add toolpost -- /opt/toolpost serve");
  home.write(".claude.json", R"({"mcpServers": {"toolpost": {}}})");
  CHECK(hint_of("Claude Code", home).state == ClientHint::State::connected);
  home.write(".codex/config.toml", "[mcp_servers.other]\n");
  CHECK(hint_of("Codex", home).state == ClientHint::State::unconnected);
  home.write("work/.vscode/mcp.json", R"({"servers": {"toolpost": {}}})");
  CHECK(hint_of("VS Code", home).state == ClientHint::State::connected);
  // What it tells to write is JSON that a client reads.
  const std::string connect = hint_of("Cursor", home).connect;
  CHECK(json::parse(connect.substr(connect.find('{')))["mcpServers"]["toolpost"]["args"][0] == "serve");
  const std::string code = hint_of("VS Code", home).connect;
  CHECK(json::parse(code.substr(code.find('{')))["servers"]["toolpost"]["command"] == "/opt/toolpost");
}

TEST_CASE("doctor: a fresh installation is in order, and says what it lacks and how to get it",
          "[cli][doctor]") {
  ProgramHome home;
  const Ended ended = home.run({"doctor"});
  CAPTURE(ended.out, ended.err);
  CHECK(ended.status == 0);
  CHECK(lines_with(ended.out, "ok    configuration: read the environment").size() == 1);
  CHECK(lines_with(ended.out, "warn  providers: none is configured").size() == 1);
  CHECK(lines_with(ended.out, "> in any MCP client: command ").size() == 1);
  CHECK(lines_with(ended.out, " tokens to know the tools").size() == 1);
  CHECK(ended.out.ends_with("nothing is wrong\n"));
}

TEST_CASE("doctor: finds open files, missing keys, plugins that cannot load, each with a cure",
          "[cli][doctor]") {
  ProgramHome home;
  const std::string config = home.configure(
      "[providers.one]\nbase_url = \"https://one.example\"\nkey = { env = \"ONE_KEY\" }\n"
      "[host]\nplugin_folders = [\"" +
      home.path() + "/plugins\", \"/nowhere\"]\n");
  REQUIRE(::chmod(config.c_str(), 0666) == 0);
  home.write("plugins/broken.so", "this is no library");
  const Ended ended = home.run({"doctor", "--json"});
  CHECK(ended.status == 1);
  const json told = json::parse(ended.out);
  CHECK(told["good"] == false);
  const auto finding = [&](const std::string& words) -> json {
    for (const json& one : told["findings"])
      if (one["what"].get<std::string>().find(words) != std::string::npos) return one;
    return json::object();
  };
  CHECK(finding(config + " may be written by others").value("mend", "") == "chmod go-w " + config);
  CHECK(finding("the environment variable ONE_KEY is not set").value("state", "") == "bad");
  CHECK(finding("broken.so").value("state", "") == "bad");
  CHECK(finding("names /nowhere, which is not there").value("state", "") == "warn");
}

TEST_CASE("doctor: a wrong configuration is told line by line, and nothing is started on it",
          "[cli][doctor]") {
  ProgramHome home;
  const std::string config = home.configure("[limits]\ndept_max = 5\n[retry]\nattempts_max = 0\n");
  const Ended ended = home.run({"doctor"});
  CHECK(ended.status == 1);
  CHECK(lines_with(ended.out, "bad   configuration: " + config + ":2:1: unknown setting").size() == 1);
  CHECK(lines_with(ended.out, "bad   configuration: " + config + ":4:1: ").size() == 1);
  CHECK_FALSE(std::filesystem::exists(home.state()));
}

TEST_CASE("state folder: a file in its place is told once, whatever the command", "[cli]") {
  ProgramHome home;
  const std::string file = home.write("file", "x");
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"tools"}, {"plugins"}, {"call", "echo", "{}"}, {"smoke"}, {"calls", "list"}}) {
    std::vector<std::string> all = {"--state-dir", file};
    all.insert(all.end(), words.begin(), words.end());
    const Ended ended = home.run(all);
    CAPTURE(words.front(), ended.err);
    CHECK(ended.status == 2);
    CHECK(ended.out.empty());
    CHECK(lines_with(ended.err, "the state folder " + file + " is no folder; ").size() == 1);
  }
  const Ended threads = home.run({"--state-dir", file, "threads", "list"});
  CHECK(threads.status == 2);
  CHECK(threads.err.find("the state folder " + file + " cannot be read: Not a directory") !=
        std::string::npos);
  const json told = json::parse(home.run({"--state-dir", file, "doctor", "--json"}).out);
  CHECK(told["good"] == false);
  CHECK(told.dump().find("cannot start: the state folder " + file + " is no folder") != std::string::npos);
}

TEST_CASE("doctor: a store's fault is told with its own cure", "[cli][doctor]") {
  ProgramHome home;
  std::filesystem::create_directories(home.state());
  std::filesystem::permissions(home.state(), std::filesystem::perms::owner_all);
  home.write(".local/state/toolpost/toolpost.db", std::string(8192, 'x'), 0600);
  const json told = json::parse(home.run({"doctor", "--json"}).out);
  const auto& findings = told["findings"];
  const auto store = std::find_if(findings.begin(), findings.end(),
                                  [](const json& one) { return one["subject"] == "store"; });
  REQUIRE(store != findings.end());
  CHECK((*store)["mend"].get<std::string>().find("move it away") != std::string::npos);
  CHECK((*store)["mend"].get<std::string>().find("free space") == std::string::npos);
}

TEST_CASE("doctor: a provider of which no model is allowed is wrong", "[cli][doctor]") {
  ProgramHome home;
  home.configure(
      "[providers.one]\nbase_url = \"http://127.0.0.1:9\"\nmodels = [\"alpha\"]\nmodels_allowed = "
      "[\"gama\"]\n");
  const Ended ended = home.run({"doctor"});
  CHECK(ended.status == 1);
  CHECK(lines_with(ended.out, "bad   provider one: 0 models (1 more not allowed)").size() == 1);
  CHECK(lines_with(ended.out, "> correct what forbids them: ").size() == 1);
}

TEST_CASE("smoke: every tool has a row with time, turns, attempts and tokens", "[cli][smoke]") {
  ProgramHome home;
  const Ended ended = home.run({"smoke", "--json"});
  CHECK(ended.status == 0);
  const json told = json::parse(ended.out);
  CHECK(told["good"] == true);
  CHECK(told["tools"].size() >= 5);
  for (const json& row : told["tools"]) {
    CAPTURE(row["tool"], row["status"]);
    CHECK(row["good"] == true);
    if (row["tool"] == "echo") CHECK(row["turns"] == 1);
  }
  const std::string table = home.run({"smoke"}).out;
  CHECK(table.starts_with("tool "));
  CHECK(table.find("Connect a client:\n") != std::string::npos);
}

TEST_CASE("smoke: a tool that fails is named, and the status is 1", "[cli][smoke]") {
  ProgramHome home;
  home.configure(
      "[plugins.\"dev.toolpost.echo\"]\nceiling_ms = 1\n[turns]\nturn_max_ms = 10\n[workers]\nready_max_ms = "
      "100\n"
      "[providers.none]\nbase_url = \"http://127.0.0.1:1\"\nmodels = [\"m\"]\nattempts_max = 1\n");
  const Ended ended = home.run({"smoke"});
  CHECK(ended.status == 1);
  const auto rows = lines_with(ended.out, "failed: ");
  CHECK_FALSE(rows.empty());
}

TEST_CASE("host log: the newest twenty logs of other hosts are kept, one more goes", "[cli][log]") {
  ProgramHome home;
  for (std::size_t i = 0; i < kHostLogsMax; ++i) home.write("logs/x" + std::to_string(i) + ".jsonl", "{}\n");
  CHECK(host_log_file(home.path()).value() == home.path() + "/logs/" + std::to_string(::getpid()) + ".jsonl");
  const auto count = [&] {
    return std::distance(std::filesystem::directory_iterator(home.path() + "/logs"),
                         std::filesystem::directory_iterator());
  };
  CHECK(count() == kHostLogsMax);
  const std::string oldest = home.write("logs/oldest.jsonl", "{}\n");
  std::filesystem::last_write_time(oldest, std::filesystem::file_time_type::min() + std::chrono::hours(1));
  home.write("logs/" + std::to_string(::getpid()) + ".1.jsonl", "{}\n");
  CHECK(host_log_file(home.path()));
  CHECK_FALSE(std::filesystem::exists(oldest));
  CHECK(count() == kHostLogsMax + 1);  // and this host's own, rotated
}

TEST_CASE("text table: columns line up as far as forty bytes", "[cli]") {
  TextTable table({"a", "b"});
  table.add({"long one", "x"});
  table.add({std::string(50, 'y'), "z"});
  CHECK(table.text() == "a" + std::string(41, ' ') + "b\nlong one" + std::string(34, ' ') + "x\n" +
                            std::string(50, 'y') + "  z\n");
}

TEST_CASE("plugins: --release runs a quarantined one again, and suggests an id for an unknown one",
          "[cli][quarantine]") {
  ProgramHome home;
  REQUIRE(home.run({"plugins"}).out.find("not run: ") == std::string::npos);
  const std::string hash = json::parse(home.run({"plugins", "--json"}).out)["plugins"][0]["sha256"];
  const std::string id = json::parse(home.run({"plugins", "--json"}).out)["plugins"][0]["id"];
  {
    auto store = SqliteStore::open(home.state() + "/toolpost.db", StoreSettings{}, SqliteOptions{});
    REQUIRE(store);
    REQUIRE((*store)->note_crash({hash, "", "", 1, 1}));
  }
  const std::string listed = home.run({"plugins"}).out;
  CHECK(listed.find("not run: plugin " + id + " is quarantined: ") != std::string::npos);
  CHECK(home.run({"doctor"}).out.find("toolpost plugins --release " + id) != std::string::npos);
  const Ended released = home.run({"plugins", "--release", id});
  CHECK(released.status == 0);
  CHECK(released.out.find("plugin " + id + " runs again") != std::string::npos);
  CHECK(home.run({"plugins"}).out.find("not run: ") == std::string::npos);
  CHECK(home.run({"plugins", "--release", id}).out.find(" was not quarantined") != std::string::npos);
  {
    auto store = SqliteStore::open(home.state() + "/toolpost.db", StoreSettings{}, SqliteOptions{});
    REQUIRE(store);
    for (int time = 0; time < 2; ++time)
      REQUIRE((*store)->note_crash({hash, "somebody", "an input", SystemTime().wall_ms(), 1}));
  }
  CHECK(home.run({"plugins"})
            .out.find("not run on what crashed it again and again; inputs: 1; to forget "
                      "them: toolpost plugins --release " +
                      id) != std::string::npos);
  CHECK(json::parse(home.run({"plugins", "--json"}).out)["plugins"][0]["refused_inputs"] == 1);
  const Ended unknown = home.run({"plugins", "--release", "dev.toolpost.ehco"});
  CHECK(unknown.status == 1);
  CHECK(unknown.err.find("did you mean \"dev.toolpost.echo\"?") != std::string::npos);
}
