// Schemas and patterns of a stranger that are small to write and large to run: compiling and checking are
// bounded.
#include <chrono>

#include "catch.hpp"
#include "json/schema.hpp"
#include "json/schema_pattern.hpp"

using namespace toolpost;

namespace {

std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}
Result<void> check(const std::string& schema_text, const std::string& instance) {
  const auto schema = Schema::compile(schema_text);
  if (!schema) return schema.error();
  simdjson::dom::parser parser;
  return schema->validate(parser.parse(instance));
}
/// Ends at a limit, with a message that says which; far faster than a bomb would take, however slow the
/// machine.
void check_bounded(const std::string& schema_text, const std::string& instance, Errc code,
                   std::string_view why) {
  CAPTURE(schema_text.substr(0, 200), why);
  const auto begin = std::chrono::steady_clock::now();
  const auto result = check(schema_text, instance);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(30));
  REQUIRE_FALSE(result);
  CAPTURE(result.error().message);
  CHECK(result.error().code == code);
  CHECK(result.error().message.find(why) != std::string::npos);
  CHECK(result.error().message.size() < 2000);
}

}  // namespace

TEST_CASE("schema bombs: each level of allOf or anyOf doubles the work of the one above",
          "[json][schema][attack]") {
  for (const char* keyword : {"allOf", "anyOf", "oneOf"}) {
    std::string schema = R"({"$ref":"#/$defs/0","$defs":{)";
    for (int i = 0; i < 40; ++i) {
      const std::string next = R"({"$ref":"#/$defs/)" + std::to_string(i + 1) + "\"}";
      schema += "\"" + std::to_string(i) + "\":{\"" + keyword + "\":[" + next + "," + next + "]},";
    }
    const std::string end = keyword == std::string_view("allOf") ? "true" : "false";
    check_bounded(schema + "\"40\":" + end + "}}", "1", Errc::exhausted, "steps");
  }
}

TEST_CASE("schema bombs: references that lead to themselves, directly or through others",
          "[json][schema][attack]") {
  for (const char* schema :
       {R"({"$ref":"#"})", R"({"anyOf":[{"$ref":"#"},{"$ref":"#"},{"$ref":"#"}]})",
        R"({"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}})"})
    check_bounded(schema, "1", Errc::exhausted, "");
}

TEST_CASE("schema bombs: a huge enum against many values costs steps", "[json][schema][attack]") {
  std::string list = "0";
  for (int i = 1; i < 20'000; ++i) list += "," + std::to_string(i);
  const std::string values = "[" + repeated("-1,", 20'000) + "-1]";
  check_bounded(R"({"not":{"contains":{"enum":[)" + list + "]}}}", values, Errc::exhausted, "steps");
}

TEST_CASE("schema bombs: nesting and number of subschemas are bounded", "[json][schema][attack]") {
  check_bounded(repeated("{\"not\":", 70) + "true" + repeated("}", 70), "1", Errc::incompatible,
                "deeper than 64");
  check_bounded(repeated("{\"not\":", 5000) + "true" + repeated("}", 5000), "1", Errc::incompatible,
                "512 levels");
  check_bounded("{\"anyOf\":[" + repeated("true,", 6000) + "true]}", "1", Errc::incompatible,
                "5000 subschemas");
}

TEST_CASE("pattern bombs: all patterns of a schema together are bounded before they fill the memory",
          "[json][schema][attack]") {
  std::string schema = "{\"patternProperties\":{\"a\":true";
  for (int i = 0; schema.size() < 100'000; ++i) schema += ",\"\\\\p{L}{9}" + std::to_string(i) + "\":true";
  check_bounded(schema + "}}", "{}", Errc::incompatible, "patterns are too large together");
  check_bounded(R"({"pattern":"\\p{L}{1000}"})", "1", Errc::incompatible, "too large");
  check_bounded(R"({"pattern":"((a{0,100}){0,100}){0,100}"})", "1", Errc::incompatible, "cannot be used");
  check_bounded("{\"pattern\":\"" + std::string(1025, 'a') + "\"}", "1", Errc::incompatible,
                "longer than 1024");
}

TEST_CASE("pattern bombs: what makes others backtrack for ever is linear here", "[json][schema][attack]") {
  const std::string text = std::string(100'000, 'a') + "!";
  for (const char* pattern :
       {"^(a+)+$", "^(a|aa)+$", "^(a|a?)+$", "^(.*a){20}$", "^([a-zA-Z]+)*$", "(x+x+)+y"}) {
    CAPTURE(pattern);
    const auto begin = std::chrono::steady_clock::now();
    const auto result = check(std::string("{\"pattern\":\"") + pattern + "\"}", "\"" + text + "\"");
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
    CHECK_FALSE(result);
  }
}

TEST_CASE(
    "pattern bombs: a large pattern over a long text costs steps, since each byte may cost each instruction",
    "[json][schema][attack]") {
  const std::string text = "\"" + std::string(1 << 20, 'x') + "\"";
  check_bounded(R"({"pattern":"[^a]{0,900}b[^a]{0,100}"})", text, Errc::exhausted, "steps");
  check_bounded(R"({"pattern":"(.*)(.*)(.*)[^z]{900}"})", text, Errc::exhausted, "steps");
  CHECK(check(R"({"pattern":"^[a-z]{1,64}|x+$"})", text));
}
