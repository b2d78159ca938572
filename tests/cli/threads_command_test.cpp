// `toolpost threads` as an operator meets it: the real program on a real store, also beside a running host.
#include <nlohmann/json.hpp>

#include "base/event_loop.hpp"
#include "program.hpp"
#include "store/sqlite_store.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

constexpr const char* kBug = "0123456789abcdef0123456789abcdef";
constexpr const char* kPlan = "fedcba9876543210fedcba9876543210";

/// A home whose store holds what a test puts there, as tools of the local user would.
class ThreadsHome : public ProgramHome {
 public:
  ThreadsHome() : now_ms_(EventLoop().wall_ms()) {
    store_ = std::move(SqliteStore::open(state() + "/toolpost.db", {})).value();
  }
  void append(const std::string& id, const std::string& tool, const json& turn, std::int64_t ago_ms,
              const std::string& owner = "local:1", const json& state = nullptr) const {
    const ThreadAppend one{id, tool, turn.dump(), state.is_null() ? "" : state.dump()};
    REQUIRE(store_->commit({owner, now_ms_ - ago_ms, {one}, {}}));
  }
  /// A question with all that a tool may store of its answer.
  static json answered(const std::string& question, const std::string& answer) {
    return {{"question", question},
            {"answer", answer},
            {"model", "glm-4.6"},
            {"provider", "glm"},
            {"usage", {{"input_tokens", 1200}, {"output_tokens", 80}, {"cost", 0.25}}},
            {"latency_ms", 1500}};
  }
  std::int64_t now_ms() const { return now_ms_; }

 private:
  std::unique_ptr<SqliteStore> store_;
  const std::int64_t now_ms_;
};

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kDay = 24 * 60 * kMinute;

}  // namespace

TEST_CASE("threads command: list has the newest first, and says what more there is", "[cli][threads]") {
  ThreadsHome home;
  home.append(kBug, "debug", {{"step", 1}, {"status", "pause"}}, 90 * kMinute);
  home.append(kBug, "chat", ThreadsHome::answered("Why?", "Because."), 30 * kMinute);
  home.append(kPlan, "planner", {{"step", 1}}, 10 * kMinute);
  home.append("gone", "chat", json::object(), 2 * kDay);
  home.append("his", "chat", json::object(), 0, "local:2");
  const Ended table = home.run({"threads", "list"});
  CHECK(table.status == 0);
  const std::size_t plan = table.out.find(std::string("\n") + kPlan + "  planner  1 ");
  const std::size_t bug = table.out.find(std::string("\n") + kBug + "  chat     2 ");
  REQUIRE(plan != std::string::npos);
  REQUIRE(bug != std::string::npos);
  CHECK(plan < bug);
  CHECK(table.out.find("90 min ago  30 min ago  in 23 h  glm-4.6\n") != std::string::npos);
  CHECK(table.out.find("his") == std::string::npos);
  CHECK(table.out.ends_with("1 expired and wait to be removed; toolpost threads delete --expired does it\n"));

  const json told = json::parse(home.run({"threads", "list", "--json", "--limit", "1"}).out);
  REQUIRE(told["threads"].size() == 1);
  CHECK(told["alive"] == 2);
  CHECK(told["expired"] == 1);
  CHECK(told["threads"][0]["id"] == kPlan);
  CHECK(told["threads"][0]["models"] == json::array());
  CHECK(told["threads"][0]["used_ms"] == home.now_ms() - 10 * kMinute);
  CHECK(home.run({"threads", "list", "--limit", "1"}).out.find("1 of 2 threads; --limit N shows more\n") !=
        std::string::npos);
  CHECK(home.run({"threads", "list", "--limit", "0"}).status == 2);
}

TEST_CASE("threads command: show has the facts that are stored, and no others", "[cli][threads]") {
  ThreadsHome home;
  home.append(kBug, "debug", {{"step", 1}, {"status", "pause"}}, 2 * kMinute);
  home.append(kBug, "chat", ThreadsHome::answered("Why?", "Because.\nReally."), kMinute);
  const Ended shown = home.run({"threads", "show", kBug});
  CHECK(shown.status == 0);
  CHECK(shown.out.find("UTC, step 1, pause\n\n") != std::string::npos);
  CHECK(shown.out.find("UTC, model glm-4.6, provider glm, 1200 tokens in, 80 tokens out, cost 0.25, 1500 ms\n"
                       "  question\n    Why?\n  answer\n    Because.\n    Really.\n") != std::string::npos);
  const json turns = json::parse(home.run({"threads", "show", "--json", kBug}).out)["turns"];
  REQUIRE(turns.size() == 2);
  CHECK(turns[0] == json{{"number", 1},
                         {"tool", "debug"},
                         {"at_ms", home.now_ms() - 2 * kMinute},
                         {"step", 1},
                         {"status", "pause"}});
  CHECK(turns[1]["cost"] == 0.25);
  CHECK(turns[1]["input_tokens"] == 1200);
  CHECK(turns[1]["latency_ms"] == 1500);
}

TEST_CASE("threads command: what the host knows of a turn's call is shown, whatever the plugin stored",
          "[cli][threads]") {
  ThreadsHome home;
  const json call = {
      {"latency_ms", 2500}, {"tokens", 42}, {"cost", {{"USD", 0.0131}}}, {"models", {"a/m", "b/n"}}};
  home.append(kBug, "consensus", {{"latency_ms", 1}, {"call", call}}, kMinute);
  CHECK(home.run({"threads", "show", kBug})
            .out.find("UTC, models a/m, b/n, 42 tokens, cost 0.0131 USD, 2500 ms\n") != std::string::npos);
  const json turn = json::parse(home.run({"threads", "show", "--json", kBug}).out)["turns"][0];
  CHECK(turn["latency_ms"] == 2500);
  CHECK(turn["models"] == call["models"]);
  CHECK(turn["cost"] == call["cost"]);
}

TEST_CASE("threads command: show cuts texts past 500 bytes between two characters, unless --full",
          "[cli][threads]") {
  ThreadsHome home;
  const std::string fits(500, 'q');
  std::string longer(499, 'a');
  longer += "\u00e9 and the end";  // the character lies across the limit
  home.append(kBug, "chat", ThreadsHome::answered(fits, longer), 0);
  const std::string cut = home.run({"threads", "show", kBug}).out;
  CHECK(cut.find("  question\n    " + fits + "\n") != std::string::npos);
  CHECK(cut.find("  answer (the first 500 of 513 bytes; --full shows all)\n    " + std::string(499, 'a') +
                 "\n") != std::string::npos);
  CHECK(home.run({"threads", "show", "--full", kBug}).out.find("    " + longer + "\n") != std::string::npos);
  const json turn = json::parse(home.run({"threads", "show", "--json", kBug}).out)["turns"][0];
  CHECK(turn["answer"] == std::string(499, 'a'));
  CHECK(turn["cut"] == json{{"answer", 513}});
  CHECK(json::parse(home.run({"threads", "show", "--json", "--full", kBug}).out)["turns"][0]["answer"] ==
        longer);
}

TEST_CASE("threads command: what a model wrote cannot steer the terminal", "[cli][threads]") {
  ThreadsHome home;
  home.append(kBug, "chat", ThreadsHome::answered("a\x1b[2Jb\rc\u202Ed", "\u009b31m"), 0);
  for (const char* how : {"show", "export"}) {
    std::vector<std::string> words = {"threads", how, kBug};
    if (how == std::string("export")) words.push_back("--markdown");
    const std::string out = home.run(words).out;
    CHECK(out.find('\x1b') == std::string::npos);
    CHECK(out.find('\r') == std::string::npos);
    CHECK(out.find("\u202E") == std::string::npos);
    CHECK(out.find("\u009b") == std::string::npos);
    CHECK(out.find("a[2Jb\n") != std::string::npos);
  }
}

TEST_CASE("threads command: export gives all there is, on standard output or in a new private file",
          "[cli][threads]") {
  ThreadsHome home;
  const json turn = ThreadsHome::answered("Why?", std::string(2000, 'x'));
  home.append(kBug, "chat", turn, 0, "local:1", {{"kept", true}});
  const Ended out = home.run({"threads", "export", kBug});
  CHECK(out.status == 0);
  const json document = json::parse(out.out);
  CHECK(document["turns"][0]["turn"] == turn);
  CHECK(document["state"]["chat"]["kept"] == true);
  CHECK(document["id"] == kBug);

  const std::string file = home.path() + "/bug.json";
  CHECK(home.run({"threads", "export", kBug, "--out", file}).out == file + ": 1 turns\n");
  CHECK(content_of(file) == out.out);
  struct stat status{};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  const Ended again = home.run({"threads", "export", kBug, "--markdown", "--out", file});
  CHECK(again.status == 1);
  CHECK(again.err ==
        "toolpost: " + file + " is there already and is not overwritten; remove it, or name another file\n");
  CHECK(content_of(file) == out.out);
  const Ended nowhere = home.run({"threads", "export", kBug, "--out", home.path() + "/none/x"});
  CHECK(nowhere.status == 1);
  CHECK(nowhere.err.find("cannot be written: No such file or directory") != std::string::npos);

  const std::string page = home.run({"threads", "export", kBug, "--markdown"}).out;
  CHECK(page.find(std::string("# Thread ") + kBug + "\n\nBegun ") == 0);
  CHECK(page.find("\n## Turn 1: chat\n\n") != std::string::npos);
  CHECK(json::parse(home.run({"threads", "export", kBug, "--markdown", "--json"}).out)["markdown"] == page);
  CHECK(page.find("\n### Answer\n\n" + std::string(2000, 'x') + "\n") != std::string::npos);
}

TEST_CASE("threads command: delete wants ids, --expired, or --all with --yes", "[cli][threads]") {
  ThreadsHome home;
  home.append(kBug, "chat", json::object(), 0);
  home.append(kPlan, "chat", json::object(), 0);
  home.append("gone", "chat", json::object(), 2 * kDay);
  home.append("his", "chat", json::object(), 0, "local:2");
  CHECK(home.run({"threads", "delete"}).status == 2);
  CHECK(home.run({"threads", "delete", kBug, "--expired"}).status == 2);
  const Ended unsure = home.run({"threads", "delete", "--all"});
  CHECK(unsure.status == 2);
  CHECK(unsure.err == "toolpost: --all would delete 3 threads for good; add --yes if that is meant\n");
  const Ended half = home.run({"threads", "delete", kBug, "none"});
  CHECK(half.status == 1);
  CHECK(half.err.find("thread none is unknown or has expired") != std::string::npos);
  CHECK(half.err.find("; none was deleted") != std::string::npos);
  CHECK(home.run({"threads", "delete", "his"}).status == 1);
  CHECK(home.run({"threads", "delete", "--expired"}).out == "1 thread deleted\n");
  CHECK(json::parse(home.run({"threads", "delete", "--json", kBug}).out) == json{{"deleted", 1}});
  CHECK(home.run({"threads", "show", kBug}).status == 1);
  CHECK(home.run({"threads", "delete", "--all", "--yes"}).out == "1 thread deleted\n");
  CHECK(home.run({"threads", "list"}).out == "no thread is kept\n");
}

TEST_CASE("threads command: an unknown id is the store's own error, also as JSON", "[cli][threads]") {
  ProgramHome home;
  const Ended shown = home.run({"threads", "show", kBug});
  CHECK(shown.status == 1);
  CHECK(shown.err.find(std::string("toolpost: thread ") + kBug + " is unknown or has expired") == 0);
  const Ended told = home.run({"threads", "export", "--json", kBug});
  CHECK(told.status == 1);
  CHECK(told.err.empty());
  CHECK(json::parse(told.out)["error"]["code"] == "not_found");
  CHECK(home.run({"threads", "list"}).out == "no thread is kept\n");
  // A question makes no state folder.
  CHECK_FALSE(std::filesystem::exists(home.state()));
}

TEST_CASE("threads command: a store that cannot be opened is status 2, naming the file", "[cli][threads]") {
  ProgramHome home;
  const std::string file = home.state() + "/toolpost.db";
  std::filesystem::create_directories(file);
  std::filesystem::permissions(home.state(), std::filesystem::perms::owner_all);
  for (const std::vector<std::string>& words : {std::vector<std::string>{"threads", "list"},
                                                {"threads", "show", kBug},
                                                {"threads", "delete", kBug}}) {
    const Ended ended = home.run(words);
    CHECK(ended.status == 2);
    CHECK(ended.err.find(file) != std::string::npos);
  }
}

TEST_CASE("threads command: works beside a running host", "[cli][threads]") {
  ThreadsHome home;
  home.append(kBug, "chat", ThreadsHome::answered("Why?", "Because."), 0);
  int in[2], out[2];
  REQUIRE(::pipe2(in, O_CLOEXEC) == 0);
  REQUIRE(::pipe2(out, O_CLOEXEC) == 0);
  const UniqueFd to_host(in[1]), from_host(out[0]), quiet(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  const pid_t host = home.start({"serve"}, in[0], out[1], quiet.get());
  ::close(in[0]);
  ::close(out[1]);
  const std::string hello =
      R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18",)"
      R"("capabilities":{},"clientInfo":{"name":"test","version":"1"}}})"
      "\n";
  REQUIRE(::write(to_host.get(), hello.data(), hello.size()) == static_cast<ssize_t>(hello.size()));
  char byte = 0;
  std::string answer;
  while (byte != '\n' && ::read(from_host.get(), &byte, 1) == 1) answer += byte;
  CHECK(json::parse(answer)["id"] == 1);  // it has the store open now
  CHECK(json::parse(home.run({"threads", "list", "--json"}).out)["threads"].size() == 1);
  CHECK(home.run({"threads", "delete", kBug}).out == "1 thread deleted\n");
  CHECK(home.run({"threads", "list"}).out == "no thread is kept\n");
  REQUIRE(::kill(host, 0) == 0);
  ::kill(host, SIGTERM);
  int status = 0;
  CHECK(::waitpid(host, &status, 0) == host);
}
