#include "json/canonical_json.hpp"

#include "catch.hpp"

using namespace toolpost;

namespace {
std::string canonical(std::string_view text) {
  const auto result = canonical_json(text);
  return result ? *result : "refused: " + result.error().message;
}
}  // namespace

TEST_CASE("canonical json: the same meaning has the same bytes", "[json]") {
  CHECK(canonical(R"( {"b":1, "a":[ 1.0 ,"\u0041", {} , [ ] ], "\u0061a":null} )") ==
        R"({"a":[1,"A",{},[]],"aa":null,"b":1})");
  CHECK(canonical(R"({"z":{"y":1,"x":[true,false]},"a":"\/\n\u00e9"})") ==
        "{\"a\":\"/\\n\xc3\xa9\",\"z\":{\"x\":[true,false],\"y\":1}}");
  CHECK(canonical("\t\"x\"\n") == "\"x\"");
}

TEST_CASE("canonical json: each number has one form", "[json]") {
  for (const char* one : {"1", "1.0", "10e-1", "0.1E1", "1e+0"}) CHECK(canonical(one) == "1");
  for (const char* zero :
       {"0", "-0", "-0.0", "0e5", "1e-400", "0.0e999999999999999999999", "1e-99999999999999999999"}) {
    CHECK(canonical(zero) == "0");
  }
  CHECK(canonical("0." + std::string(400, '0') + "1") == "0");
  CHECK(canonical("1" + std::string(400, '0') + "e-400") != "0");
  CHECK(canonical("-9223372036854775808") == "-9223372036854775808");
  CHECK(canonical("18446744073709551615") == "18446744073709551615");
  CHECK(canonical("9007199254740993") != canonical("9007199254740992"));
  CHECK(canonical("0.10") == "0.1");
  CHECK(canonical("1.5E300") == canonical("15e299"));
  for (const char* unfit : {"18446744073709551616", "-9223372036854775809", "1e400", "-1e400"})
    CHECK_FALSE(canonical_json(unfit));
}

TEST_CASE("canonical json: the form of a large number is not that of an integer out of range", "[json]") {
  for (const char* number :
       {"-123123123123123123123.5", "123456789012345678901.0", "18446744073709551616.0", "1e19", "1e20",
        "-9223372036854775808.0", "-9223372036854777856.0", "1.7976931348623157e308"}) {
    CAPTURE(number);
    CHECK(canonical(canonical(number)) == canonical(number));
  }
  CHECK(canonical("-9223372036854775808.0") == "-9223372036854775808");
  CHECK(canonical("123456789012345678901.0") == "1.2345678901234568e+20");
}

TEST_CASE("canonical json: what is no JSON is refused, saying where", "[json]") {
  for (const char* bad : {"",
                          " ",
                          "{",
                          "[",
                          "[1",
                          "[1,]",
                          "{\"a\"}",
                          "{\"a\":}",
                          "{\"a\":1,}",
                          "{a:1}",
                          "01",
                          "1.",
                          ".5",
                          "+1",
                          "-",
                          "1e",
                          "tru",
                          "nul",
                          "\"",
                          "\"\\x\"",
                          "\"\\ud800\"",
                          "\"\\udc00\"",
                          "\"a\nb\"",
                          "1 2",
                          "[1 2]",
                          "NaN",
                          "\"\\u12g4\"",
                          "{\"a\":1,\"\\u0061\":2}",
                          "\"\xff\"",
                          "\"\xed\xa0\x80\"",
                          "]",
                          "\xef\xbb\xbf{}"}) {
    CAPTURE(bad);
    CHECK_FALSE(canonical_json(bad));
  }
  CHECK(canonical("[1,x]").find("at byte 3") != std::string::npos);
  CHECK(canonical(R"({"a":1,"b":2,"a":3})").find("given twice") != std::string::npos);
}

TEST_CASE("canonical json: nests 512 deep and no deeper", "[json]") {
  CHECK(canonical_json(std::string(512, '[') + std::string(512, ']')));
  CHECK_FALSE(canonical_json(std::string(513, '[') + std::string(513, ']')));
  CHECK_FALSE(canonical_json(std::string(1'000'000, '[')));
}

TEST_CASE("digest: is XXH3 with 128 bits, most significant digit first", "[json]") {
  CHECK(digest_hex("") == "99aa06d3014798d86001c324468d497f");
  CHECK(digest_hex("a") != digest_hex("b"));
}
