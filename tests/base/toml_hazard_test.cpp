#include "base/toml_hazard.hpp"

#include <string>

#include "catch.hpp"

using namespace toolpost;

namespace {

std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}
/// 0 if there is none.
std::size_t hazard_line(std::string_view toml) {
  const auto hazard = find_toml_hazard(toml);
  return hazard ? hazard->line : 0;
}
std::string key(std::size_t parts) {
  return "a" + repeated(".a", parts - 1);
}

}  // namespace

TEST_CASE("toml hazard: both sides of the limits, in every place a key may stand", "[base]") {
  CHECK(hazard_line(key(kTomlKeyPartsMax) + " = 1") == 0);
  CHECK(hazard_line("b = 2\n" + key(kTomlKeyPartsMax + 1) + " = 1") == 2);
  CHECK(hazard_line("[" + key(kTomlKeyPartsMax + 1) + "]") == 1);
  CHECK(hazard_line("[[" + key(kTomlKeyPartsMax + 1) + "]]") == 1);
  CHECK(hazard_line("x = {b = 1, " + key(kTomlKeyPartsMax + 1) + " = 1}") == 1);
  CHECK(hazard_line(repeated("\"a\" . 'b' . ", 9) + "c = 1") == 1);
  CHECK(hazard_line("x = " + repeated("[", kTomlNestingMax) + repeated("]", kTomlNestingMax)) == 0);
  CHECK(hazard_line("x = " + repeated("[", kTomlNestingMax + 1)) == 1);
  CHECK(hazard_line("x = " + repeated("[{a = ", kTomlNestingMax)) == 1);
}

TEST_CASE("toml hazard: dots and brackets of strings, comments and numbers do not count", "[base]") {
  const std::string dots = repeated(".", 100) + repeated("[", 100);
  CHECK(hazard_line("x = \"" + dots + "\"") == 0);
  CHECK(hazard_line("x = \"\\\"" + dots + "\"") == 0);
  CHECK(hazard_line("x = '" + dots + "\\'") == 0);
  CHECK(hazard_line("x = \"\"\"\n" + dots + "\n\"\"\"\"") == 0);
  CHECK(hazard_line("x = '''\n" + dots + "''" + dots + "\n'''") == 0);
  CHECK(hazard_line("# " + dots + "\nx = 1.5") == 0);
  CHECK(hazard_line("x = [" + repeated("1.5, ", 100) + "]") == 0);
}

TEST_CASE("toml hazard: quotes around the end of a long string hide nothing", "[base]") {
  const std::string deep = key(kTomlKeyPartsMax + 1) + " = 1";
  for (const char* text :
       {R"(x = "a")", R"(x = """a""")", R"(x = """a"""")", R"(x = """a""""")", R"(x = """""")",
        R"(x = """\"""")", "x = '''a''''", "x = ''", "x = '\\'", R"(x = "\\")"}) {
    CAPTURE(text);
    CHECK(hazard_line(std::string("y = {") + text + ", " + deep + "}") == 1);
  }
  CHECK(hazard_line("x = \"no end\n" + deep) == 2);
}

TEST_CASE("toml hazard: outside strings and comments a text is plain ASCII", "[base]") {
  CHECK(hazard_line("\xef\xbb\xbf"
                    "a = 'caf\xc3\xa9' # caf\xc3\xa9\n") == 0);
  CHECK(hazard_line("a = \"\"\"\ncaf\xc3\xa9\"\"\"\r\n\tb = 1") == 0);
  for (const char* text :
       {"a = 1\xc3\xa9", "caf\xc3\xa9 = 1", "a\xe2\x80\xa8 = 1", "a = 1\x0b", "[\x01", "\x7f"}) {
    CAPTURE(text);
    CHECK(hazard_line(text) == 1);
  }
}
