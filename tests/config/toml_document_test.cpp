#include "config/toml_document.hpp"

#include "catch.hpp"

using namespace toolpost;

namespace {
std::string json_of(const std::string& toml) {
  const TomlOutcome outcome = parse_toml(toml, "f");
  REQUIRE_FALSE(outcome.problem);
  const TomlNode* culprit = nullptr;
  return to_json(outcome.root, culprit).value_or("none: " + (culprit ? describe(*culprit) : ""));
}
}  // namespace

TEST_CASE("toml document: keys and list items know their place", "[config]") {
  const TomlOutcome outcome = parse_toml("# c\n[a]\n  key = [1,\n    2]\n", "f");
  REQUIRE_FALSE(outcome.problem);
  const TomlNode* key = outcome.root.find("a")->find("key");
  REQUIRE(key != nullptr);
  CHECK(key->line == 3);
  CHECK(key->column == 3);
  REQUIRE(key->children.size() == 2);
  CHECK(key->children[1].line == 4);
  CHECK(outcome.root.find("b") == nullptr);
}

TEST_CASE("toml document: a table becomes JSON of the same meaning", "[config]") {
  CHECK(json_of("a = 1\nb = 1.0\nc = [true, \"x\\\"\\\\\\n\\u0001\"]\n[d]\n\"e f\" = -2.5e10") ==
        R"({"a":1,"b":1.0,"c":[true,"x\"\\\n\u0001"],"d":{"e f":-2.5e+10}})");
  CHECK(json_of("") == "{}");
  CHECK(json_of("a = 2020-01-01") == "none: the date or time 2020-01-01");
  CHECK(json_of("a = [nan]") == "none: the decimal number nan");
}

TEST_CASE("toml document: JSON comes back as TOML", "[config]") {
  const std::string json = R"({"a":[1,{"b:,":"c\":, d"}],"e":1.5})";
  CHECK(json_to_toml(json) == R"({"a" = [1, {"b:," = "c\":, d"}], "e" = 1.5})");
  CHECK(json_of("v = " + json_to_toml(json)) == R"({"v":)" + json + "}");
}

TEST_CASE("toml document: long and odd strings are cut and escaped in messages", "[config]") {
  TomlNode node;
  node.kind = TomlNode::Kind::text;
  node.text = "a\x1b[31m\"";
  CHECK(describe(node) == R"(the string "a\u001b[31m\"")");
  node.text = std::string(60, 'x');
  CHECK(describe(node) == "the string \"" + node.text + "\"");
  node.text = std::string(59, 'x') + "\xC3\xA9";  // the cut must not split the last character
  CHECK(describe(node) == "the string \"" + std::string(59, 'x') + "\"... (61 bytes)");
}

TEST_CASE("toml document: text of a mebibyte is read, more is refused", "[config]") {
  const std::string most = "#" + std::string((1 << 20) - 1, 'x');
  CHECK_FALSE(parse_toml(most, "f").problem);
  const TomlOutcome refused = parse_toml(most + "x", "f");
  REQUIRE(refused.problem);
  CHECK(to_string(*refused.problem) == "f: the file is larger than 1 MiB; a configuration never is");
}

TEST_CASE("toml document: deep nesting and bytes that are not UTF-8 are syntax problems", "[config]") {
  CHECK(parse_toml("a = " + std::string(10'000, '['), "f").problem);
  CHECK(parse_toml("a = \"\xff\"", "f").problem);
  CHECK(parse_toml(std::string("a = \"\0\"", 7), "f").problem);
}

TEST_CASE("toml document: what toml++ only asserts is a problem like any other", "[config]") {
  for (const char* text : {"a = [}''\n", "[=", "[\n", "[ .a]", "[[[a]]]", "a = [,", "a = {]"}) {
    CAPTURE(text);
    CHECK(parse_toml(text, "f").problem);
  }
}
