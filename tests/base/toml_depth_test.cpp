#include "base/toml_depth.hpp"

#include <string>

#include "catch.hpp"

using namespace toolpost;

namespace {

std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}
std::string key(std::size_t parts) {
  return "a" + repeated(".a", parts - 1);
}

}  // namespace

TEST_CASE("toml depth: both sides of the limits, in every place a key may stand", "[base]") {
  CHECK(toml_deep_line(key(kTomlKeyPartsMax) + " = 1") == 0);
  CHECK(toml_deep_line("b = 2\n" + key(kTomlKeyPartsMax + 1) + " = 1") == 2);
  CHECK(toml_deep_line("[" + key(kTomlKeyPartsMax + 1) + "]") == 1);
  CHECK(toml_deep_line("[[" + key(kTomlKeyPartsMax + 1) + "]]") == 1);
  CHECK(toml_deep_line("x = {b = 1, " + key(kTomlKeyPartsMax + 1) + " = 1}") == 1);
  CHECK(toml_deep_line(repeated("\"a\" . 'b' . ", 9) + "c = 1") == 1);
  CHECK(toml_deep_line("x = " + repeated("[", kTomlNestingMax) + repeated("]", kTomlNestingMax)) == 0);
  CHECK(toml_deep_line("x = " + repeated("[", kTomlNestingMax + 1)) == 1);
  CHECK(toml_deep_line("x = " + repeated("[{a = ", kTomlNestingMax)) == 1);
}

TEST_CASE("toml depth: dots and brackets of strings, comments and numbers do not count", "[base]") {
  const std::string dots = repeated(".", 100) + repeated("[", 100);
  CHECK(toml_deep_line("x = \"" + dots + "\"") == 0);
  CHECK(toml_deep_line("x = \"\\\"" + dots + "\"") == 0);
  CHECK(toml_deep_line("x = '" + dots + "\\'") == 0);
  CHECK(toml_deep_line("x = \"\"\"\n" + dots + "\n\"\"\"\"") == 0);
  CHECK(toml_deep_line("x = '''\n" + dots + "''" + dots + "\n'''") == 0);
  CHECK(toml_deep_line("# " + dots + "\nx = 1.5") == 0);
  CHECK(toml_deep_line("x = [" + repeated("1.5, ", 100) + "]") == 0);
}

TEST_CASE("toml depth: quotes around the end of a long string hide nothing", "[base]") {
  const std::string deep = key(kTomlKeyPartsMax + 1) + " = 1";
  for (const char* text :
       {R"(x = "a")", R"(x = """a""")", R"(x = """a"""")", R"(x = """a""""")", R"(x = """""")",
        R"(x = """\"""")", "x = '''a''''", "x = ''", "x = '\\'", R"(x = "\\")"}) {
    CAPTURE(text);
    CHECK(toml_deep_line(std::string("y = {") + text + ", " + deep + "}") == 1);
  }
  CHECK(toml_deep_line("x = \"no end\n" + deep) == 2);
}
