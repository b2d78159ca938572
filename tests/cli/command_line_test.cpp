// The program's face: help, exit statuses, tables, JSON and completion.
#include <nlohmann/json.hpp>

#include "program.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

const std::string kEcho = TOOLPOST_BINARY_DIR "/lib/toolpost/plugins/echo.so";

}  // namespace

TEST_CASE("command line: each command teaches with examples", "[cli]") {
  ProgramHome home;
  const std::string help = home.run({"--help"}).out;
  CHECK(help.find("Exit status: 0 done, 1 the call or check failed, 2 wrong use or configuration.") !=
        std::string::npos);
  for (const char* command : {"serve", "call", "replay", "tools", "plugins", "inspect", "smoke", "config",
                              "completion", "doctor", "status", "threads", "calls"}) {
    CAPTURE(command);
    CHECK(help.find(std::string("\n  ") + command + " ") != std::string::npos);
    const Ended ended = home.run({command, "--help"});
    CHECK(ended.status == 0);
    CHECK(ended.out.find("Examples:\n  ") != std::string::npos);
  }
}

TEST_CASE("command line: each command of a command teaches with examples too", "[cli]") {
  ProgramHome home;
  for (const auto& [command, parts] :
       std::map<std::string, std::vector<std::string>>{{"calls", {"list", "show", "resume", "purge"}},
                                                       {"threads", {"list", "show", "export", "delete"}},
                                                       {"config", {"check", "print", "import"}}})
    for (const std::string& part : parts) {
      CAPTURE(command, part);
      const Ended ended = home.run({command, part, "--help"});
      CHECK(ended.status == 0);
      CHECK(ended.out.find("Examples:\n  ") != std::string::npos);
    }
}

TEST_CASE("command line: with --json a wrong configuration and an unknown command are a document too",
          "[cli]") {
  ProgramHome home;
  home.configure("[limits]\ndept_max = 5\n");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--json", "calls", "list"}, {"--json", "plugins"}, {"--json", "cals"}}) {
    CAPTURE(words.back());
    const Ended ended = home.run(words);
    CHECK(ended.status == 2);
    const json told = json::parse(ended.out, nullptr, false);
    REQUIRE(told.is_object());
    CHECK_FALSE(told["error"]["message"].get<std::string>().empty());
  }
}

TEST_CASE("command line: what no plugin takes keeps every host from starting, and says where it stands",
          "[cli][config]") {
  ProgramHome home;
  const std::string file = home.configure("[plugins.\"dev.toolpost.chat\"]\ngrant = [\"file.raed\"]\n");
  const Ended ended = home.run({"call", "echo", R"({"text":"x"})"});
  CHECK(ended.status == 2);
  CHECK(ended.err.find(file + ":2: ") == 0);
  CHECK(ended.err.find("did you mean \"file.read\"?") != std::string::npos);
  // One that was removed, or is still to come, keeps nobody from anything.
  home.configure("[plugins.\"dev.toolpost.chta\"]\nenabled = true\n");
  const Ended warned = home.run({"call", "echo", R"({"text":"x"})"});
  CHECK(warned.status == 0);
  CHECK(warned.err == file +
                          ":1: plugins.\"dev.toolpost.chta\": no plugin has that id; did you mean "
                          "\"dev.toolpost.chat\"?\n");
}

TEST_CASE("command line: wrong use ends with 2, a failed call with 1, a good one with 0", "[cli]") {
  ProgramHome home;
  CHECK(home.run({}).status == 2);
  CHECK(home.run({"cal"}).status == 2);
  CHECK(home.run({"call"}).status == 2);
  CHECK(home.run({"replay", "--match=most", "x"}).status == 2);
  CHECK(home.run({"call", "echo", R"({"text":"hello"})"}).status == 0);
  const Ended failed = home.run({"call", "echo", R"({"txt":"hello"})"});
  CHECK(failed.status == 1);
  CHECK(failed.err.find("toolpost: invalid_input: ") == 0);
  CHECK(failed.err.find("(after ") == std::string::npos);
  home.configure("[plugins.\"dev.toolpost.echo\"]\nceiling_ms = 1\n");
  const Ended late = home.run({"call", "echo", R"({"text":"hello"})"});
  CHECK(late.err.find("toolpost: shed: ") == 0);
  CHECK(late.err.find(" ms; turns: 0, attempts: 0)\n") != std::string::npos);
  home.configure("[limits]\ndepth_max = 1\n");
  CHECK(home.run({"call", "echo", R"({"text":"hello"})"}).status == 2);
}

TEST_CASE("command line: --json gives one document, before or behind the command", "[cli]") {
  ProgramHome home;
  const json reply = json::parse(home.run({"call", "--json", "echo", R"({"text":"hello"})"}).out);
  CHECK(reply["ok"] == true);
  CHECK(reply["turns"] == 1);
  CHECK(reply["parts"][0]["json"]["text"] == "hello");
  const json error = json::parse(home.run({"--json", "call", "ech", "{}"}).out);
  CHECK(error["ok"] == false);
  CHECK(error["error"]["code"] == "not_found");
  CHECK(json::parse(home.run({"plugins", "--json"}).out)["plugins"].size() >= 5);
}

TEST_CASE("command line: with --json a failure is a document too", "[cli]") {
  ProgramHome home;
  const std::vector<std::pair<std::vector<std::string>, std::string>> failures = {
      {{"calls", "show", "zzz"}, "not_found"},   {{"calls", "purge", "zzz"}, "not_found"},
      {{"threads", "show", "zzz"}, "not_found"}, {{"tools", "nosuch"}, "not_found"},
      {{"replay", "nofile"}, "not_found"},       {{"status"}, "not_found"}};
  for (const auto& [command, code] : failures) {
    CAPTURE(command);
    std::vector<std::string> words = command;
    words.push_back("--json");
    const auto ended = home.run(words);
    CHECK(ended.status != 0);
    const json told = json::parse(ended.out, nullptr, false);
    REQUIRE(told.is_object());
    CHECK(told["error"]["code"] == code);
    CHECK_FALSE(told["error"]["message"].get<std::string>().empty());
  }
}

TEST_CASE("command line: tools lists them, shows one, and guesses at a wrong name", "[cli]") {
  ProgramHome home;
  const std::string list = home.run({"tools"}).out;
  for (const char* piece : {"tool ", "plugin ", "tokens", "\nchat ", "\ndebug ", "dev.toolpost.chat"})
    CHECK(list.find(piece) != std::string::npos);
  const std::string one = home.run({"tools", "challenge"}).out;
  CHECK(one.find("  prompt  string  required  ") != std::string::npos);
  CHECK(one.find("try it:\n  toolpost call challenge '{") != std::string::npos);
  const json tools = json::parse(home.run({"tools", "--json"}).out);
  CHECK(tools[0].contains("inputSchema"));
  CHECK(json::parse(home.run({"tools", "challenge", "--json"}).out)["name"] == "challenge");
  const Ended wrong = home.run({"tools", "chalenge"});
  CHECK(wrong.status == 1);
  CHECK(wrong.err == "toolpost: there is no tool \"chalenge\"; did you mean \"challenge\"?\n");
}

TEST_CASE("command line: inspect tells what a file is without a host", "[cli]") {
  ProgramHome home;
  const Ended good = home.run({"inspect", kEcho});
  CHECK(good.status == 0);
  CHECK(good.out.find("dev.toolpost.echo ") == 0);
  CHECK(good.out.find("\necho ") != std::string::npos);
  CHECK(good.out.find("\nlinks libc.so.6\n") != std::string::npos);
  const json told = json::parse(home.run({"inspect", "--json", kEcho}).out);
  CHECK(told["good"] == true);
  CHECK(told["kind"] == "tool");
  CHECK(told["methods"][0]["input_schema"]["type"] == "object");
  CHECK(home.run({"inspect", "--quiet", kEcho}).out.empty());
  const std::string no_plugin = home.write("no.so", "text");
  CHECK(home.run({"inspect", no_plugin}).status == 1);
  CHECK(json::parse(home.run({"inspect", "--json", no_plugin}).out)["good"] == false);
  CHECK_FALSE(std::filesystem::exists(home.state()));
}

TEST_CASE("command line: a recorded call is repeated exactly, by kind, or taken anew", "[cli]") {
  ProgramHome home;
  const std::string file = home.path() + "/echo.journal";
  REQUIRE(home.run({"call", "echo", "--record", file, R"({"text":"hello"})"}).status == 0);
  CHECK(home.run({"replay", file}).status == 0);
  // As if the plugin had answered otherwise then.
  std::string text = content_of(file);
  const std::size_t at = text.rfind("hello");
  REQUIRE(at != std::string::npos);
  text.replace(at, 5, "hullo");
  home.write("echo.journal", text);
  const Ended other = home.run({"replay", file});
  CHECK(other.status == 1);
  CHECK(other.err.find("--match=kind ignores that") != std::string::npos);
  CHECK(home.run({"replay", "--match=kind", file}).status == 0);
  CHECK(home.run({"replay", "--update", file}).status == 0);
  CHECK(home.run({"replay", file}).status == 0);
}

TEST_CASE("command line: a journal is never written over, and its file is tried before anything is asked",
          "[cli]") {
  ProgramHome home;
  const std::string there = home.write("there.journal", "precious");
  const Ended refused = home.run({"call", "echo", "--record", there, R"({"text":"hello"})"});
  CHECK(refused.status == 2);
  CHECK(refused.out.empty());
  CHECK(refused.err.find("is there already and is not overwritten") != std::string::npos);
  CHECK(content_of(there) == "precious");
  CHECK(home.run({"call", "echo", "--record", "/no/such/folder/x.journal", "{}"}).status == 2);
  // A call that never ran leaves no file.
  const std::string none = home.path() + "/none.journal";
  CHECK(home.run({"call", "ehco", "--record", none}).status == 1);
  CHECK_FALSE(std::filesystem::exists(none));
}

TEST_CASE("command line: - reads the arguments from standard input", "[cli]") {
  ProgramHome home;
  const std::string arguments = home.write("arguments.json", R"({"text":"from a file"})");
  const UniqueFd in(::open(arguments.c_str(), O_RDONLY | O_CLOEXEC));
  const std::string out = home.path() + "/out";
  const UniqueFd to(::open(out.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  int status = 0;
  REQUIRE(::waitpid(home.start({"call", "echo", "-"}, in.get(), to.get(), STDERR_FILENO), &status, 0) > 0);
  CHECK(status == 0);
  CHECK(content_of(out).find("from a file") != std::string::npos);
}

TEST_CASE("command line: a command that needs another names them, for people and for programs", "[cli]") {
  ProgramHome home;
  CHECK(home.run({"calls"}).err == "toolpost: `toolpost calls` needs a command: list, show, resume, purge\n");
  const Ended told = home.run({"threads", "--json"});
  CHECK(told.status == 2);
  CHECK(json::parse(told.out)["error"]["message"].get<std::string>().starts_with(
      "`toolpost threads` needs a command: list, "));
  CHECK(json::parse(home.run({"--json", "call"}).out)["error"]["code"] == "invalid_input");
}

TEST_CASE("command line: completion knows commands, options and their values' absence", "[cli]") {
  ProgramHome home;
  const std::string script = home.write("complete.sh", home.run({"completion", "bash"}).out);
  const auto complete = [&](const std::string& words) {
    const std::string command = "source " + script + "; COMP_WORDS=(" + words +
                                "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _toolpost; echo ${COMPREPLY[@]}";
    const std::string out = home.path() + "/completed";
    const std::string quoted = "bash -c '" + command + "' > " + out;
    REQUIRE(::system(quoted.c_str()) == 0);
    return content_of(out);
  };
  CHECK(complete("toolpost sm") == "smoke\n");
  CHECK(complete("toolpost --state-dir x conf") == "config\n");
  CHECK(complete("toolpost config pr") == "print\n");
  CHECK(complete("toolpost config print --ex") == "--explain\n");
  CHECK(complete("toolpost call --pat") == "--patient\n");
}

TEST_CASE("command line: zsh completes the same", "[cli]") {
  ProgramHome home;
  const std::string script = home.write("_toolpost", home.run({"completion", "zsh"}).out);
  CHECK(content_of(script).starts_with("#compdef toolpost\n"));
  // Outside of an editing line zsh has no completion, so these say what they are given; the one that zsh
  // calls picks those that begin with the word at the cursor.
  const auto offered = [&](const std::string& words) {
    const std::string command =
        "compdef() { true; }; _files() { true; }; compadd() { print -r -- \"$@\"; }; "
        "source " +
        script + "; words=(" + words + "); CURRENT=$#words; _toolpost";
    const std::string out = home.path() + "/completed";
    REQUIRE(::system(("zsh -f -c '" + command + "' > " + out).c_str()) == 0);
    return content_of(out);
  };
  CHECK(offered("toolpost sm").find(" smoke ") != std::string::npos);
  CHECK(offered("toolpost --state-dir x conf").find(" config ") != std::string::npos);
  CHECK(offered("toolpost config pr").starts_with("-- check "));
  CHECK(offered("toolpost config print --ex").find(" --explain ") != std::string::npos);
  CHECK(offered("toolpost call --pat").find(" --patient ") != std::string::npos);
  CHECK(offered("toolpost call --pat").find(" --explain ") == std::string::npos);
}

TEST_CASE("command line: a command that is not there is named, with what was meant", "[cli]") {
  ProgramHome home;
  CHECK(home.run({"cal", "echo"}).err == "toolpost: there is no command \"cal\"; did you mean \"call\"?\n");
  CHECK(home.run({"threads", "lst"}).err ==
        "toolpost: there is no command \"threads lst\"; did you mean \"list\"?\n");
  CHECK(home.run({"zebra"}).err == "toolpost: there is no command \"zebra\"; `toolpost --help` lists them\n");
  CHECK(home.run({"--help"}).status == 0);
}

TEST_CASE("tools: an argument's choices and what a list holds are shown", "[cli]") {
  ProgramHome home;
  const std::string shown = home.run({"tools", "debug"}).out;
  CHECK(shown.find("exploring|low|medium|") != std::string::npos);
  CHECK(shown.find("string[]") != std::string::npos);
}

TEST_CASE("config check: a root that is not there is told before a host fails to start", "[cli][config]") {
  ProgramHome home;
  home.configure("[files]\nroots = [\"/nowhere/at/all\"]\n");
  const Ended checked = home.run({"config", "check"});
  CHECK(checked.status == 2);
  CHECK((checked.out + checked.err).find("files.roots: there is no folder \"/nowhere/at/all\"") !=
        std::string::npos);
  CHECK((checked.out + checked.err).find(":2") != std::string::npos);
}
