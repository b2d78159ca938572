// `toolpost config import` with the real program: what it writes is what `config check` reads.
#include <nlohmann/json.hpp>

#include "program.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {
constexpr const char* kEnv =
    "# The predecessor's\r\nexport GLM_API_KEY=\"sk-0123456789abcdef\"\r\nWORKFLOW_TOOL_TIMEOUT_SECS=600\r\n"
    "EXAI_WS_PROGRESS_INTERVAL_SECS=5\r\nCACHE_TTL=300\r\nEXAI_WS_TOKEN=hush-hush-hush\r\nLOG_LEVL=x\r\n";
}  // namespace

TEST_CASE("config import: prints the file, or writes a private one that loads", "[cli][import]") {
  ProgramHome home;
  const std::string old = home.write("old.env", kEnv), file = home.path() + "/new.toml";
  const Ended printed = home.run({"config", "import", old});
  CHECK(printed.status == 0);
  CHECK(printed.out.find("\n[ceilings_long]\n") != std::string::npos);
  const Ended written = home.run({"config", "import", old, "--out", file});
  CHECK(written.status == 0);
  CHECK(written.out.empty());
  CHECK(content_of(file) == printed.out);
  struct stat status{};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(home.run({"--config", file, "config", "check"}).status == 0);
  for (const char* piece :
       {"keys: none is written", "GLM_API_KEY (line 2): ",
        "WORKFLOW_TOOL_TIMEOUT_SECS (line 3), ceilings_long.tool_ms: bounds a tool call; ",
        "has no effect any more:\n  CACHE_TTL (line 5): ", "did you mean LOG_LEVEL?",
        "1 variable means the same here\n"})
    CHECK(written.err.find(piece) != std::string::npos);
  for (const char* secret : {"0123456789abcdef", "hush"})
    CHECK((printed.out + printed.err + written.err).find(secret) == std::string::npos);
  const Ended again = home.run({"config", "import", old, "--out", file});
  CHECK(again.status == 1);
  CHECK(again.err.find("is not overwritten") != std::string::npos);
}

TEST_CASE("config import: a host starts on it and finds the key where it is named", "[cli][import]") {
  ProgramHome home;
  const std::string file = home.path() + "/new.toml";
  const std::string old = home.write("old.env", "OPENAI_API_KEY=sk-0123456789abcdef\n");
  REQUIRE(home.run({"config", "import", old, "--out", file}).status == 0);
  const std::string text = home.run({"--config", file, "doctor"}).out;
  CHECK(text.find("the environment variable OPENAI_API_KEY is not set") != std::string::npos);
  home.set("OPENAI_API_KEY", "sk-0123456789abcdef");
  CHECK(home.run({"--config", file, "doctor"}).out.find("OPENAI_API_KEY is not set") == std::string::npos);
  CHECK(home.run({"--config", file, "call", "echo", R"({"text":"hello"})"}).status == 0);
}

TEST_CASE("config import: --json is one document with every variable", "[cli][import]") {
  ProgramHome home;
  const std::string old = home.write("old.env", kEnv);
  const Ended told = home.run({"config", "import", "--json", old});
  CHECK(told.status == 0);
  CHECK(told.err.empty());
  const json document = json::parse(told.out);
  CHECK(document["toml"] == home.run({"config", "import", old}).out);
  std::map<std::string, std::string> effects;
  for (const json& one : document["variables"])
    if (one.contains("variable")) effects[one["variable"]] = one["effect"];
  CHECK(effects == std::map<std::string, std::string>{{"GLM_API_KEY", "key"},
                                                      {"WORKFLOW_TOOL_TIMEOUT_SECS", "changed"},
                                                      {"EXAI_WS_PROGRESS_INTERVAL_SECS", "kept"},
                                                      {"CACHE_TTL", "no_effect"},
                                                      {"EXAI_WS_TOKEN", "no_effect"},
                                                      {"LOG_LEVL", "unknown"}});
  CHECK(told.out.find("0123456789abcdef") == std::string::npos);
}

TEST_CASE("config import: a file that is not there, too large or no file is wrong use", "[cli][import]") {
  ProgramHome home;
  CHECK(home.run({"config", "import"}).status == 2);
  const Ended none = home.run({"config", "import", home.path() + "/none"});
  CHECK(none.status == 2);
  CHECK(none.err == "toolpost: " + home.path() + "/none is not there\n");
  CHECK(home.run({"config", "import", home.path()}).err.find("is not a regular file") != std::string::npos);
  CHECK(home.run({"config", "import", home.write("fits", "#" + std::string((1 << 20) - 1, 'x'))}).status ==
        0);
  const Ended large = home.run({"config", "import", home.write("large", "#" + std::string(1 << 20, 'x'))});
  CHECK(large.status == 2);
  CHECK(large.err.find("is larger than 1 MiB") != std::string::npos);
  CHECK(json::parse(home.run({"config", "import", "--json", home.path()}).out).contains("error"));
}

TEST_CASE("config import: docs/migrating.md is made from the table", "[cli][import]") {
  ProgramHome home;
  CHECK(home.run({"config", "import", "--markdown"}).out ==
        content_of(std::string(TOOLPOST_SOURCE_DIR) + "/docs/migrating.md"));
}
