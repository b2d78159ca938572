#include "cli/env_file.hpp"

#include "catch.hpp"

using namespace toolpost;

namespace {

/// "NAME=value@line" of each entry.
std::vector<std::string> read(std::string_view text) {
  std::vector<std::string> out;
  for (const EnvEntry& entry : parse_env_file(text).entries)
    out.push_back(entry.name + "=" + entry.value + "@" + std::to_string(entry.line));
  return out;
}

using Lines = std::vector<std::string>;

/// The line of the one fault that `text` has, with no entry.
unsigned fault_line(std::string_view text) {
  const EnvFile file = parse_env_file(text);
  CHECK(file.entries.empty());
  REQUIRE(file.faults.size() == 1);
  return file.faults[0].line;
}

}  // namespace

TEST_CASE("env file: export, spaces, comments and empty lines", "[cli][import]") {
  CHECK(read("\n# A=1\nexport A=1\n  export\tB = two words  \n\nC=3 # why\nD=a#b\nE=#\nF=\n") ==
        Lines{"A=1@3", "B=two words@4", "C=3@6", "D=a#b@7", "E=@8", "F=@9"});
}

TEST_CASE("env file: quotes, escapes and what stands behind them", "[cli][import]") {
  CHECK(read(R"(A="a # b" # c
B='it\'s "so"'
C="x\ny\t\"z\"\\n"
D='${HOME} \n'
E=""
F="two
lines"
G=1)") == Lines{"A=a # b@1", "B=it's \"so\"@2", "C=x\ny\t\"z\"\\n@3", "D=${HOME} \\n@4", "E=@5",
                "F=two\nlines@6", "G=1@8"});
}

TEST_CASE("env file: CRLF, a byte order mark and no last line end change nothing", "[cli][import]") {
  CHECK(read("\xef\xbb\xbf"
             "A=1\r\nB=\"2\"\r\nC='3' \r\n\r\nD=4") == Lines{"A=1@1", "B=2@2", "C=3@3", "D=4@5"});
  CHECK(read("").empty());
  CHECK(read("\r\n").empty());
  CHECK(read("A=") == Lines{"A=@1"});
}

TEST_CASE("env file: duplicates are all there, in their order", "[cli][import]") {
  CHECK(read("A=1\nB=2\nA=3\n") == Lines{"A=1@1", "B=2@2", "A=3@3"});
}

TEST_CASE("env file: a line that sets nothing is reported without its text, and the next one is read",
          "[cli][import]") {
  for (const char* line :
       {"sk-live-123456", "lower=sk-live-123456", "1A=sk-live-123456", "A B=sk-live-123456",
        "=sk-live-123456", "A=\"sk-live-123456", "A='sk-live-123456", "A=\"x\" sk-live-123456",
        "A=${sk-live-123456}", "A=\"${sk-live-123456}\"", "A=sk-live-123456\xff"}) {
    CAPTURE(line);
    CHECK(fault_line(line) == 1);
    CHECK(parse_env_file(line).faults[0].message.find("123456") == std::string::npos);
    const EnvFile file = parse_env_file(std::string("B=1\n") + line + "\nC=2\n");
    REQUIRE(file.faults.size() == 1);
    CHECK(file.faults[0].line == 2);
    REQUIRE(file.entries.size() == 2);
    CHECK(file.entries[1].line == 3);
  }
  CHECK(fault_line(std::string("A=a\0b", 5)) == 1);
  CHECK(fault_line(std::string(65, 'A') + "=1") == 1);
  CHECK(read(std::string(64, 'A') + "=1").size() == 1);
}
