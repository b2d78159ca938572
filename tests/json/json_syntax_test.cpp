#include "json/json_syntax.hpp"

#include "catch.hpp"
#include "json/json_reader.hpp"

using namespace toolpost;

TEST_CASE("json syntax: a fault has its line and column", "[json]") {
  CHECK(syntax_fault_place(R"({"a": 1})").empty());
  CHECK(syntax_fault_place(R"({"a": 1,})") == "line 1, column 9");
  CHECK(syntax_fault_place("{\n  \"a\": tru\n}") == "line 2, column 11");
  CHECK(syntax_fault_place("[1, 2") == "line 1, column 6");
  CHECK(syntax_fault_place("") == "line 1, column 1");
  CHECK(syntax_fault_place("[\n\n\"\xff\"]") == "line 3, column 2");
  CHECK(syntax_fault_place(std::string(1'000'000, '[')) == "line 1, column 1000001");
}

TEST_CASE("json syntax: what cannot be read is refused with the place", "[json]") {
  JsonReader reader{LimitSettings{}};
  const auto refused = reader.read_copy("{\"a\": 1,}");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.ends_with(" (line 1, column 9)"));
}
