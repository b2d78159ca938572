#include "json/json_reader.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "catch.hpp"
#include "corpora.hpp"

using namespace toolpost;

namespace {

bool accepts(std::string_view text, const LimitSettings& limits = {}) {
  JsonReader reader(limits);
  return reader.read_copy(text).has_value();
}
std::string refusal(std::string_view text, const LimitSettings& limits) {
  JsonReader reader(limits);
  const auto read = reader.read_copy(text);
  REQUIRE_FALSE(read);
  return read.error().message;
}

}  // namespace

TEST_CASE("json reader: each limit holds on both sides and is named", "[json]") {
  LimitSettings limits;
  limits.depth_max = 3;
  CHECK(accepts("[[1]]", limits));
  CHECK(refusal("[[[1]]]", limits).find("limits.depth_max = 3") != std::string::npos);
  limits = {};
  limits.keys_max = 2;
  CHECK(accepts(R"({"a":1,"b":2})", limits));
  CHECK(refusal(R"({"a":1,"b":2,"c":3})", limits).find("limits.keys_max = 2") != std::string::npos);
  limits = {};
  limits.nodes_max = 4;
  CHECK(accepts("[1,2,3]", limits));
  CHECK(refusal("[1,2,3,4]", limits).find("limits.nodes_max = 4") != std::string::npos);
  limits = {};
  limits.string_bytes_max = 3;
  CHECK(accepts(R"("abc")", limits));
  CHECK(refusal(R"("abcd")", limits).find("limits.string_bytes_max = 3") != std::string::npos);
  limits = {};
  limits.key_bytes_max = 1;
  CHECK(accepts(R"({"a":1})", limits));
  CHECK(refusal(R"({"ab":1})", limits).find("limits.key_bytes_max = 1") != std::string::npos);
}

TEST_CASE("json reader: repeated keys, NUL and integers outside 64 bits are refused", "[json]") {
  CHECK_FALSE(accepts(R"({"a":1,"a":2})"));
  CHECK_FALSE(accepts(R"({"a":{"b":1,"\u0062":2}})"));
  CHECK_FALSE(accepts(R"(["a\u0000b"])"));
  CHECK_FALSE(accepts(R"({"a\u0000":1})"));
  CHECK(accepts("18446744073709551615"));
  CHECK_FALSE(accepts("18446744073709551616"));
  CHECK(accepts("-9223372036854775808"));
  CHECK_FALSE(accepts("-9223372036854775809"));
  std::string many = "{";
  for (int i = 0; i < 100; ++i) many += "\"key" + std::to_string(i) + "\":0,";
  CHECK(accepts(many + "\"last\":0}"));
  CHECK_FALSE(accepts(many + "\"key50\":0}"));
}

TEST_CASE("json reader: half a surrogate pair is refused wherever it stands", "[json]") {
  for (const char* bad : {R"("\ud800")", R"("\udc00")", R"("\udfff x")", R"("\ud800\u0041")",
                          R"("\udc00\ud800")", R"({"\udead":1})"}) {
    CAPTURE(bad);
    CHECK_FALSE(accepts(bad));
  }
  CHECK(accepts(R"("\ud83d\ude00 \ud7ff \ue000")"));
  CHECK(accepts("\"\xed\x9f\xbf\""));  // U+D7FF, the last before them
}

TEST_CASE("json reader: a refusal says where", "[json]") {
  LimitSettings limits;
  limits.string_bytes_max = 5;
  CHECK(refusal(R"({"a":[1,{"b/c":"123456"}]})", limits) ==
        "a string passes limits.string_bytes_max = 5 (at /a/1/b~1c)");
  CHECK(refusal("\"123456\"", limits) == "a string passes limits.string_bytes_max = 5 (at the top)");
  CHECK(refusal(R"([{"k":1,"k":2}])", {}) == "the key \"k\" is given twice in one object (at /0)");
  std::string deep;
  for (int i = 0; i < 60; ++i) deep += "{\"" + std::string(100, 'k') + "\":";
  CHECK(refusal(deep + R"("\u0000")" + std::string(60, '}'), {}).size() < 600);
}

TEST_CASE("json reader: a large object is checked for repeats in good time", "[json]") {
  LimitSettings limits;
  limits.keys_max = 100'000;
  std::string many = "{";
  for (int i = 0; i < 99'999; ++i) many += "\"" + std::to_string(i) + "\":{\"x\":0,\"y\":0},";
  limits.nodes_max = 1'000'000;
  CHECK(accepts(many + "\"last\":0}", limits));
  CHECK_FALSE(accepts(many + "\"77\":0}", limits));
}

TEST_CASE("json reader: one reader reads on after refusals and after a large text", "[json]") {
  JsonReader reader({});
  CHECK(reader.read_copy("\"" + std::string(3'000'000, 'x') + "\""));
  CHECK_FALSE(reader.read_copy("[1,"));
  CHECK_FALSE(reader.read_copy(R"({"a":{"b":1,"b":1}})"));
  CHECK_FALSE(reader.read_copy(""));
  const auto read = reader.read_copy(R"({"a":1,"b":2})");
  REQUIRE(read);
  CHECK(std::int64_t((*read)["b"]) == 2);
  std::string padded = "[7]";
  padded.reserve(padded.size() + simdjson::SIMDJSON_PADDING);
  CHECK(reader.read(padded));
}

TEST_CASE("json reader: JSONTestSuite", "[json][corpus]") {
  const std::string folder = corpora() + "/json-parsing";
  if (!std::filesystem::exists(folder)) {
    WARN("the JSONTestSuite corpus is not at " << folder << "; only our own cases ran");
    return;
  }
  // Valid by the grammar, refused by our stricter rules: repeated keys, and NUL in strings and keys.
  const std::vector<std::string> stricter = {
      "y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json",
      "y_object_escaped_null_in_key.json", "y_string_null_escape.json"};
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    CAPTURE(name);
    const bool accepted = accepts(text);
    const bool strict = std::find(stricter.begin(), stricter.end(), name) != stricter.end();
    if (name[0] == 'y') CHECK(accepted == !strict);
    if (name[0] == 'n') CHECK_FALSE(accepted);
  }
}
