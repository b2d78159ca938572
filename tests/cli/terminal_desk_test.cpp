// Questions of a plugin to whoever sits at the terminal.
#include "cli/terminal_desk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "catch.hpp"

using namespace toolpost;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

struct Pipes {
  Pipes() {
    REQUIRE(::pipe2(keys, O_CLOEXEC) == 0);
    REQUIRE(::pipe2(screen, O_CLOEXEC | O_NONBLOCK) == 0);
  }
  Pipes(const Pipes&) = delete;
  ~Pipes() {
    for (const int fd : {keys[0], keys[1], screen[0], screen[1]})
      if (fd >= 0) ::close(fd);
  }
  int keys[2] = {-1, -1};
  int screen[2] = {-1, -1};
};

/// A terminal's two ends, played by pipes.
struct Terminal : Pipes {
  void type(const std::string& text) {
    REQUIRE(::write(keys[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  void hang_up() {
    ::close(keys[1]);
    keys[1] = -1;
  }
  std::string shown() {
    char bytes[8192];
    const ssize_t got = ::read(screen[0], bytes, sizeof bytes);
    return got > 0 ? std::string(bytes, static_cast<std::size_t>(got)) : "";
  }
  /// Asks, and waits for the answer.
  json ask(const json& body) {
    json answer;
    desk.put({AskWhom::user, "k", body.dump()}, [&](const Result<std::string>& said) {
      REQUIRE(said);
      answer = json::parse(*said);
      loop.stop();
    });
    loop.after(10s, [this] { loop.stop(); });
    loop.run();
    return answer;
  }

  EventLoop loop;
  TerminalDesk desk{loop, keys[0], screen[1]};
};

json form(const json& properties, const json& required = json::array()) {
  return {{"message", "Tool t (plugin p) asks: which?"},
          {"schema", {{"type", "object"}, {"properties", properties}, {"required", required}}}};
}

}  // namespace

TEST_CASE("terminal desk: each field is asked for in turn, and a wrong answer again", "[cli][ask]") {
  Terminal terminal;
  terminal.type("Ann\nmany\n3\n\nno\n2\n1, blue\n");
  const json answer =
      terminal.ask(form({{"a_name", {{"type", "string"}, {"title", "Name"}}},
                         {"b_count", {{"type", "integer"}}},
                         {"c_note", {{"type", "string"}, {"description", "What else?"}}},
                         {"d_sure", {{"type", "boolean"}}},
                         {"e_one", {{"type", "string"}, {"enum", {"x", "y"}}}},
                         {"f_some", {{"type", "array"}, {"items", {{"enum", {"red", "blue"}}}}}}},
                        {"a_name"}));
  CHECK(answer == json{{"action", "accept"},
                       {"content",
                        {{"a_name", "Ann"},
                         {"b_count", 3},
                         {"d_sure", false},
                         {"e_one", "y"},
                         {"f_some", {"red", "blue"}}}}});
  const std::string shown = terminal.shown();
  for (const char* part : {"Tool t (plugin p) asks: which?", "Name: ", "b_count (empty to leave out): ",
                           "please give a whole number: ", "What else?", "d_sure [yes/no]", "  2. y",
                           "(numbers with commas between)"}) {
    CAPTURE(part, shown);
    CHECK(shown.find(part) != std::string::npos);
  }
}

TEST_CASE("terminal desk: a needed field is not left out; a question without fields is a yes or no",
          "[cli][ask]") {
  Terminal terminal;
  terminal.type("\nAnn\n");
  CHECK(terminal.ask(form({{"name", {{"type", "string"}}}}, {"name"}))["content"]["name"] == "Ann");
  CHECK(terminal.shown().find("it is needed: ") != std::string::npos);
  terminal.type("maybe\nYES\n");
  CHECK(terminal.ask({{"message", "sure?"}})["action"] == "accept");
  terminal.type("n\n");
  CHECK(terminal.ask({{"message", "sure?"}})["action"] == "decline");
}

TEST_CASE("terminal desk: the end of input, or a line without end, answers nobody", "[cli][ask]") {
  {
    Terminal terminal;
    terminal.hang_up();
    CHECK(terminal.ask({{"message", "sure?"}})["action"] == "cancel");
  }
  Terminal terminal;
  ::fcntl(terminal.keys[1], F_SETPIPE_SZ, 1 << 20);
  terminal.type(std::string(100'000, 'x'));
  CHECK(terminal.ask({{"message", "sure?"}})["action"] == "cancel");
}

TEST_CASE("terminal desk: one question at a time; what is taken back is asked no more", "[cli][ask]") {
  Terminal terminal;
  int answered = 0;
  const auto count = [&](const Result<std::string>&) {
    ++answered;
    terminal.loop.stop();
  };
  const auto first = terminal.desk.put({AskWhom::user, "1", R"({"message":"first?"})"}, count);
  terminal.desk.put({AskWhom::user, "2", R"({"message":"second?"})"}, count);
  CHECK(terminal.shown().find("second?") == std::string::npos);
  terminal.desk.take_back(first);
  const std::string shown = terminal.shown();
  CHECK(shown.find("(no longer asked)") != std::string::npos);
  CHECK(shown.find("second?") != std::string::npos);
  terminal.type("yes\n");
  terminal.loop.after(10s, [&] { terminal.loop.stop(); });
  terminal.loop.run();
  CHECK(answered == 1);
}

TEST_CASE("terminal desk: a plugin's words cannot steer the terminal", "[cli][ask]") {
  Terminal terminal;
  terminal.type("yes\n");
  terminal.ask({{"message", "\x1b[2Jgone\r"}});
  const std::string shown = terminal.shown();
  CHECK(shown.find('\x1b') == std::string::npos);
  CHECK(shown.find("?[2Jgone?") != std::string::npos);
}
