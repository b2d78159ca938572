#include "json/json_text.hpp"

#include <fstream>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "corpora.hpp"
#include "json/json_reader.hpp"
#include "json/raw_member.hpp"

using namespace toolpost;

TEST_CASE("json text: any string survives writing and reading", "[json][corpus]") {
  std::vector<std::string> strings = {
      "", "plain", "quote \" and \\ back", "line\nfeed\ttab", "\x01\x1f\x7f", "\xf0\x9f\x98\x80"};
  for (std::size_t size = 0; size < 20; ++size) {  // each place within and around a word of eight bytes
    for (const char special : {'"', '\\', '\n', '\x1f', '\x7f', ' ', '!', '\xc3'}) {
      std::string text(20, 'x');
      text[size] = special;
      if (special == '\xc3') text.insert(size + 1, "\xa9");
      strings.push_back(text);
    }
  }
  std::ifstream file(corpora() + "/naughty-strings.json");
  if (file) {
    for (const auto& one : nlohmann::json::parse(file)) strings.push_back(one);
  } else {
    WARN("the naughty strings are not there; only our own cases ran");
  }
  JsonReader reader({});
  for (const std::string& text : strings) {
    std::string written;
    append_json_string(written, text);
    const auto read = reader.read_copy(written);
    CAPTURE(text);
    REQUIRE(read);
    CHECK(std::string_view(*read) == text);
    std::string again;
    CHECK(append_unescaped(again, std::string_view(written).substr(1, written.size() - 2)));
    CHECK(again == text);
  }
}

TEST_CASE("json text: malformed escapes do not decode", "[json]") {
  std::string out;
  for (const char* bad : {"\\", "\\x", "\\u", "\\u12", "\\u12g4", "\\ud800", "\\ud800x", "\\ud800\\u0041",
                          "\\udc00", "a\nb", "a\"b"}) {
    CAPTURE(bad);
    CHECK_FALSE(append_unescaped(out, bad));
  }
}

TEST_CASE("utf-8: both sides of each boundary", "[json]") {
  for (const char* good :
       {"", "ascii only, longer than a word", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
        "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "12345678\xc3\xa9"}) {
    CAPTURE(good);
    CHECK(is_valid_utf8(good));
  }
  for (const char* bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "1234567\xc3", "\xc3\x28"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_valid_utf8(bad));
  }
}

TEST_CASE("raw member: finds its slice among strings, nesting and escapes", "[json]") {
  const std::string_view object =
      R"( { "x" : "}\"{,\\" , "params": {"a":[1,{"b":"]"}]} ,"n":-1.5e3, "\u0061b" : true , "e":[]} )";
  CHECK(raw_member(object, "params") == R"({"a":[1,{"b":"]"}]})");
  CHECK(raw_member(object, "n") == "-1.5e3");
  CHECK(raw_member(object, "ab") == "true");
  CHECK(raw_member(object, "x") == R"("}\"{,\\")");
  CHECK(raw_member(object, "e") == "[]");
  CHECK_FALSE(raw_member(object, "a"));
  CHECK_FALSE(raw_member(object, "\\u0061b"));
  CHECK(raw_member(R"({"\\":1})", "\\") == "1");
  CHECK_FALSE(raw_member("[1]", "a"));
}

TEST_CASE("raw member: no cut of the text is read past its end", "[json]") {
  const std::string object = R"({"x":"a\"b","y":{"z":[1,"]"]},"w":tr)";
  for (std::size_t size = 0; size <= object.size(); ++size) {
    const std::string cut = object.substr(0, size);
    for (const char* key : {"x", "y", "w", "none"}) raw_member(cut, key);
  }
  CHECK_FALSE(raw_member(R"({"a")", "a"));
  CHECK_FALSE(raw_member(R"({"a":)", "a"));
}
