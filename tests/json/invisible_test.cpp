#include "json/invisible.hpp"

#include <fstream>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "corpora.hpp"
#include "json/utf8.hpp"

using namespace toolpost;

namespace {

std::string utf8(std::u32string_view text) {
  std::string out;
  for (const char32_t code : text) append_code_point(out, code);
  return out;
}
/// What is left, and how many were removed.
std::pair<std::string, std::size_t> stripped(std::u32string_view text) {
  std::string out = utf8(text);
  const std::size_t removed = strip_invisible(out);
  return {out, removed};
}
void keeps(std::u32string_view text) {
  CAPTURE(utf8(text));
  CHECK(stripped(text) == std::pair(utf8(text), std::size_t{0}));
  CHECK_FALSE(has_invisible(utf8(text)));
}
void loses(std::u32string_view text, std::u32string_view left, std::size_t removed) {
  CAPTURE(utf8(text));
  CHECK(stripped(text) == std::pair(utf8(left), removed));
  CHECK(has_invisible(utf8(text)));
}

}  // namespace

TEST_CASE("invisible: what cannot be seen is removed and counted", "[json]") {
  loses(U"a\u200bb", U"ab", 1);  // zero width space
  loses(U"\ufeffa\u00ad\u2060", U"a", 3);
  loses(U"ab\u202etxt\u202c\u2066x\u2069\u200e\u200f\u061c", U"abtxtx", 7);  // direction
  loses(U"hi\U000E0068\U000E0069\U000E007F", U"hi", 3);                      // tags spell ASCII
  loses(U"x\U000E0100", U"x", 1);                                            // variation selectors supplement
  loses(U"\x1b[31m\x07\x7f\u0085", U"[31m", 4);                              // control characters
  loses(std::u32string_view(U"a\0b", 3), U"ab", 1);
  loses(U"\uffff\U0001fffe\ufdd0\ufff9", U"", 4);  // noncharacters, annotation
  loses(U"\u115f\u1160\u3164\uffa0\u180e\u034f", U"", 6);
}

TEST_CASE("invisible: what is seen stays", "[json]") {
  keeps(U"");
  keeps(U"tabs\tand\r\nlines");
  keeps(U"caf\u00e9 \u65e5\u672c\u8a9e \u0440\u0443\u0441 \u05e9\u05dc\u05d5\u05dd \U0001f600");
  keeps(U"\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645");  // Persian needs ZWNJ
  keeps(U"\u0915\u094d\u200d\u0937");                          // Devanagari with ZWJ
  keeps(U"\U0001f468\u200d\U0001f469\u200d\U0001f467");        // a family
  keeps(U"\U0001f3f3\ufe0f\u200d\U0001f308");                  // flag, selector, joiner, rainbow
  keeps(U"\u2764\ufe0f 1\ufe0f\u20e3");                        // heart, keycap
  keeps(U"\U0001f469\U0001f3fd\u200d\U0001f4bb");              // skin tone
}

TEST_CASE("invisible: joiners and selectors out of place are removed", "[json]") {
  loses(U"a\u200db\u200cc", U"abc", 2);
  loses(U"\u0645\u200c", U"\u0645", 1);                          // not between letters
  loses(U"\u0645\u200c\u200c\u0645", U"\u0645\u200c\u0645", 1);  // a run of them hides bits; one is left
  loses(U"\U0001f600\u200da", U"\U0001f600a", 1);
  loses(U"\U0001f600\ufe0f\ufe0e", U"\U0001f600\ufe0f", 1);  // one selector only
  loses(U"a\ufe0f1\ufe0f", U"a1", 2);
}

TEST_CASE("invisible: stripping twice removes nothing more, from any string", "[json][corpus]") {
  std::vector<std::string> strings = {utf8(U"\u0645\u200b\u200c\u0645\U0001f600\u200b\u200d\U0001f600"), ""};
  std::ifstream file(corpora() + "/naughty-strings.json");
  if (file) {
    for (const auto& one : nlohmann::json::parse(file)) strings.push_back(one);
  } else {
    WARN("the naughty strings are not there; only our own cases ran");
  }
  for (std::string text : strings) {
    CAPTURE(text);
    strip_invisible(text);
    CHECK(is_valid_utf8(text));
    CHECK_FALSE(has_invisible(text));
    CHECK(strip_invisible(text) == 0);
  }
  CHECK(has_invisible("no utf-8: \xff"));
}

TEST_CASE("clean json: strings lose them, raw or escaped, and everything else keeps its bytes", "[json]") {
  const auto clean =
      clean_json(R"({ "a":"x\u200by", "b" : ["\udb40\udc41z", "q\"\\", 1.50], "c":"\u0007" })");
  REQUIRE(clean);
  CHECK(clean->text == R"({ "a":"xy", "b" : ["z", "q\"\\", 1.50], "c":"" })");
  CHECK(clean->removed == 3);
  const std::string untouched = R"({"k\u0065y":"\ud83d\ude00 \t \u00e9","n":[]})";
  CHECK(clean_json(untouched)->text == untouched);
  CHECK(clean_json("[\"a\xe2\x80\x8b\"]")->text == "[\"a\"]");
}

TEST_CASE("clean json: a key with an invisible character is refused and named visibly", "[json]") {
  for (const char* text : {R"({"na\u200bme":1})", "{\"na\xe2\x80\x8bme\" : 1}"}) {
    const auto clean = clean_json(text);
    REQUIRE_FALSE(clean);
    CHECK(clean.error().code == Errc::invalid_input);
    CHECK(clean.error().message.find("na<U+200B>me") != std::string::npos);
  }
  CHECK(clean_json("{\"\xd9\x85\xe2\x80\x8c\xd9\x85\":1}"));  // a joiner that is seen
}

TEST_CASE("clean json: malformed text is an error or passes, never a crash", "[json]") {
  CHECK_FALSE(clean_json("\"open"));
  CHECK_FALSE(clean_json("\"\xff\""));
  CHECK_FALSE(clean_json(R"("\u200")"));
  CHECK_FALSE(clean_json("[\"\\\xf0\x9f\x8c\x80\"]"));  // an escaped half of a character
  CHECK_FALSE(clean_json("[\"\\u1\xf0\x9f\x8c\x80\"]"));
  CHECK(may_need_cleaning("\\\xf0\x9f\x8c\x80"));
  CHECK_FALSE(clean_json(R"("\ud834x")"));
  CHECK(clean_json("").value().text.empty());
}

TEST_CASE("may need cleaning: one scan tells ordinary text apart", "[json]") {
  for (const char* plain : {"", "{\"a\":\"plain\\n\\\"text\\\"\"}", R"("\ud83d\ude00 \u00e9 \u0041 \\u200b")",
                            "\"caf\xc3\xa9\""}) {
    CAPTURE(plain);
    CHECK_FALSE(may_need_cleaning(plain));
  }
  for (const char* odd : {R"("\u200b")", R"("\u200B")", R"("\b")", R"("\f")", R"("\udb40\udc41")",
                          R"("\u0000")", "\"\x7f\"", "\"\xe2\x80\x8b\"", "\"\xff\"", R"("\)", R"("\u20)"}) {
    CAPTURE(odd);
    CHECK(may_need_cleaning(odd));
  }
}
