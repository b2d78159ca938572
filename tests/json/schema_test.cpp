#include "json/schema.hpp"

#include "catch.hpp"
#include "json/schema_pattern.hpp"
#include "json/schema_uri.hpp"
#include "json/utf8.hpp"

using namespace toolpost;

namespace {

Result<void> checked(std::string_view schema_text, std::string_view instance, SchemaLimits limits = {}) {
  const auto schema = Schema::compile(schema_text, limits);
  if (!schema) return schema.error();
  simdjson::dom::parser parser;
  return schema->validate(parser.parse(instance.data(), instance.size()));
}
bool valid(std::string_view schema_text, std::string_view instance) {
  return checked(schema_text, instance).has_value();
}
std::string problem(std::string_view schema_text, std::string_view instance, SchemaLimits limits = {}) {
  const auto result = checked(schema_text, instance, limits);
  return result ? "" : result.error().message;
}
/// Why a schema does not compile.
std::string refusal(const std::string& schema_text, SchemaLimits limits = {}) {
  const auto schema = Schema::compile(schema_text, limits);
  return schema ? "" : schema.error().message;
}
bool mentions(const std::string& text, std::string_view part) {
  UNSCOPED_INFO(text);
  return text.find(part) != std::string::npos;
}
std::string nested(const std::string& open, const std::string& inner, const std::string& close, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += open;
  text += inner;
  for (int i = 0; i < times; ++i) text += close;
  return text;
}

}  // namespace

TEST_CASE("schema: a refusal says where, what was expected, what was found and what was meant",
          "[json][schema]") {
  const char* schema = R"({"type":"object","properties":{"step":{"type":"integer","minimum":1},
    "confidence":{"enum":["low","high"]},"files":{"type":"array","items":{"type":"string"},"maxItems":3},
    "a/b~c":{"const":{"k":1}}},"required":["step"],"additionalProperties":false})";
  CHECK(problem(schema, R"({"step":1,"confidence":"low"})").empty());
  CHECK(problem(schema, "{}") == "the value lacks the required field \"step\"");
  CHECK(problem(schema, R"({"step":"1"})") == "/step must be of type integer, but is a string");
  CHECK(problem(schema, R"({"step":0})") == "/step must be at least 1, but is 0");
  CHECK(problem(schema, R"({"step":1,"files":["a",2]})") ==
        "/files/1 must be of type string, but is an integer");
  CHECK(problem(schema, R"({"step":1,"files":["a","b","c","d"]})") ==
        "/files must have at most 3 items, but has 4");
  CHECK(problem(schema, R"({"step":1,"confidense":"low"})") ==
        "the value has an unknown field \"confidense\"; did you mean \"confidence\"?; known are a/b~c, "
        "confidence, files, step");
  CHECK(problem(schema, R"({"step":1,"confidence":"hgh"})") ==
        "/confidence must be one of \"low\", \"high\", but is \"hgh\"; did you mean \"high\"?");
  CHECK(problem(schema, R"({"step":1,"a/b~c":{"k":2}})") == "/a~1b~0c must be {\"k\":1}, but is an object");
  CHECK(problem(R"({"propertyNames":{"maxLength":2}})", R"({"abc":1})") ==
        "the value has a field \"abc\" whose name must have at most 2 characters, but has 3");
}

TEST_CASE("schema: of several forms, the one that got furthest explains the refusal", "[json][schema]") {
  const char* schema =
      R"({"anyOf":[{"type":"string"},{"type":"object","properties":{"n":{"type":"integer"}}}]})";
  CHECK(problem(schema, R"({"n":"x"})") ==
        "/n must be of type integer, but is a string (fits none of the 2 allowed forms (anyOf), this is the "
        "closest)");
  CHECK(problem(schema, "1") ==
        "the value fits none of the 2 allowed forms (anyOf): must be of type string, but is an integer; or "
        "it must be of "
        "type object, but is an integer");
  CHECK(mentions(problem(R"({"oneOf":[true,{"type":"null"},true]})", "1"), "fits forms 1 and 3"));
  CHECK(mentions(problem(R"({"not":{"type":"null"}})", "null"), "not allowed (not)"));
}

TEST_CASE("schema: messages stay short and whole whatever the instance holds", "[json][schema]") {
  std::string key;
  for (int i = 0; i < 1000; ++i) key += "\xc3\xa9";
  const std::string message = problem(R"({"additionalProperties":{"type":"null"}})", "{\"" + key + "\":1}");
  CHECK(message.size() < 200);
  CHECK(is_valid_utf8(message));
  std::string many = "{\"enum\":[0";
  for (int i = 1; i < 1000; ++i) many += "," + std::to_string(i);
  CHECK(problem(many + "]}", "-1").size() < 600);
}

TEST_CASE("schema: numbers are compared by what they are worth", "[json][schema]") {
  CHECK(valid(R"({"type":"integer"})", "1.0"));
  CHECK_FALSE(valid(R"({"type":"integer"})", "1.5"));
  CHECK(valid(R"({"const":1})", "1.0"));
  CHECK_FALSE(valid(R"({"const":9007199254740993})", "9007199254740992"));
  CHECK_FALSE(valid(R"({"maximum":9007199254740992})", "9007199254740993"));
  CHECK_FALSE(valid(R"({"maximum":18446744073709551614})", "18446744073709551615"));
  CHECK(valid(R"({"exclusiveMinimum":-9223372036854775808})", "-9223372036854775807"));
  CHECK_FALSE(valid(R"({"uniqueItems":true})", "[1,1.0]"));
  CHECK(valid(R"({"uniqueItems":true})", "[1,true,\"1\",[1],{\"a\":1},9007199254740993,9007199254740992]"));
  CHECK_FALSE(valid(R"({"uniqueItems":true})", R"([{"a":1,"b":[2]},{"b":[2.0],"a":1}])"));
}

TEST_CASE("schema: multipleOf counts in decimal digits, at any size", "[json][schema]") {
  const auto multiple = [](const char* step, const char* number) {
    return valid(std::string(R"({"multipleOf":)") + step + "}", number);
  };
  CHECK(multiple("0.01", "0.07"));
  CHECK(multiple("0.01", "19.99"));
  CHECK(multiple("0.0001", "0.0075"));
  CHECK_FALSE(multiple("0.0001", "0.00751"));
  CHECK(multiple("3", "9007199254740993"));
  CHECK_FALSE(multiple("2", "9007199254740993"));
  CHECK_FALSE(multiple("10", "18446744073709551615"));
  CHECK(multiple("0.5", "1e308"));
  CHECK_FALSE(multiple("0.123456789", "1e308"));
  CHECK(multiple("1e-8", "12391239123"));
  CHECK_FALSE(multiple("1e300", "1e-300"));
  CHECK(multiple("7", "0"));
  CHECK(multiple("2.5", "-7.5"));
}

TEST_CASE("schema: lengths count characters, not bytes", "[json][schema]") {
  CHECK(valid(R"({"maxLength":2})", "\"\xf0\x9f\x98\x80\xc3\xa9\""));
  CHECK_FALSE(valid(R"({"minLength":3})", "\"\xf0\x9f\x98\x80\xc3\xa9\""));
  CHECK(valid(R"({"minLength":2.0})", "\"ab\""));
}

TEST_CASE("schema: what is no schema is refused, saying where", "[json][schema]") {
  for (const char* bad : {"nonsense",
                          "1",
                          "[]",
                          R"({"type":1})",
                          R"({"type":["string",1]})",
                          R"({"enum":1})",
                          R"({"minimum":"1"})",
                          R"({"multipleOf":0})",
                          R"({"maxLength":-1})",
                          R"({"maxLength":1.5})",
                          R"({"uniqueItems":1})",
                          R"({"required":"a"})",
                          R"({"required":[1]})",
                          R"({"dependentRequired":{"a":1}})",
                          R"({"allOf":{}})",
                          R"({"allOf":[]})",
                          R"({"properties":[]})",
                          R"({"properties":{"a":1}})",
                          R"({"pattern":1})",
                          R"({"$ref":1})",
                          R"({"$id":1})",
                          R"({"$id":"a#b"})",
                          R"({"$anchor":1})",
                          R"({"not":[]})",
                          R"({"type":"string","type":"null"})"}) {
    CAPTURE(bad);
    const auto schema = Schema::compile(bad);
    REQUIRE_FALSE(schema);
    CHECK(schema.error().code == Errc::incompatible);
  }
  CHECK(mentions(refusal(R"({"properties":{"a":{"type":"strnig"}}})"),
                 "did you mean \"string\"? (at /properties/a)"));
  CHECK(mentions(refusal(R"({"$schema":"http://json-schema.org/draft-07/schema#"})"), "2020-12"));
}

TEST_CASE("schema: references stay inside the document", "[json][schema]") {
  CHECK(mentions(refusal(R"({"$ref":"https://example.com/other"})"), "nothing is fetched"));
  CHECK(mentions(refusal(R"({"$ref":"file:///etc/passwd"})"), "nothing is fetched"));
  CHECK(mentions(refusal(R"({"$ref":"#/$defs/none"})"), "points at nothing"));
  CHECK(mentions(refusal(R"({"$ref":"#none"})"), "anchor that is not there"));
  CHECK(mentions(refusal(R"({"$dynamicRef":"#none"})"), "anchor that is not there"));
  CHECK(mentions(refusal(R"({"$defs":{"a":{"$id":"x"},"b":{"$id":"x"}}})"), "two schemas have the $id"));
  CHECK(mentions(refusal(R"({"$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}})"),
                 "two schemas have the anchor"));
  CHECK(valid(R"({"$ref":"#/x-own/part","x-own":{"part":{"type":"null"}}})", "null"));
  CHECK_FALSE(valid(R"({"$ref":"#/x-own/part","x-own":{"part":{"type":"null"}}})", "1"));
  std::string chain = R"({"$ref":"#/$defs/0","$defs":{)";
  for (int i = 0; i < 500; ++i)
    chain += "\"" + std::to_string(i) + "\":{\"$ref\":\"#/$defs/" + std::to_string(i + 1) + "\"},";
  CHECK_FALSE(valid(chain + R"("500":{"type":"null"}}})", "1"));
  CHECK(valid(chain + R"("500":{"type":"null"}}})", "null"));
}

TEST_CASE("schema: a document that was handed in is used, and what is wrong with it is said with its name",
          "[json]") {
  const SchemaDocuments documents = {{"https://example.com/other", R"({"$defs":{"n":{"type":"integer"}}})"},
                                     {"https://example.com/broken", R"({"a":1,"a":2})"}};
  CHECK(Schema::compile(R"({"$ref":"https://example.com/other#/$defs/n"})", {}, documents));
  const auto broken = Schema::compile(R"({"$ref":"https://example.com/broken"})", {}, documents);
  REQUIRE_FALSE(broken);
  CHECK(mentions(broken.error().message, "the document https://example.com/broken: "));
}

TEST_CASE("schema: one that wants a schema may refer to the metaschema", "[json]") {
  const auto schema =
      Schema::compile(R"({"properties":{"form":{"$ref":"https://json-schema.org/draft/2020-12/schema"}}})");
  REQUIRE(schema);
  const auto accepts = [&](const std::string& form) {
    simdjson::dom::parser parser;
    return schema->validate(parser.parse("{\"form\":" + form + "}")).has_value();
  };
  for (const char* good :
       {"true", "{}", R"({"type":["string","null"],"minLength":1})", R"({"items":{"enum":[]}})",
        R"({"properties":{"a":{"$ref":"#/$defs/b"}},"$defs":{"b":false}})"})
    CHECK(accepts(good));
  for (const char* bad : {"7", R"({"type":"strng"})", R"({"minLength":-1})", R"({"items":{"type":7}})",
                          R"({"anyOf":[]})", R"({"properties":{"a":{"required":["b","b"]}}})"})
    CHECK_FALSE(accepts(bad));
}

TEST_CASE("schema: a dialect that a document defines may leave out what schemas assert", "[json]") {
  const std::string vocab = "https://json-schema.org/draft/2020-12/vocab/";
  const auto dialect = [&](const std::string& vocabularies) {
    return SchemaDocuments{{"https://example.com/d", "{\"$vocabulary\":{" + vocabularies + "}}"}};
  };
  const std::string text =
      R"({"$schema":"https://example.com/d","properties":{"n":{"minimum":10},"x":false}})";
  const auto plain =
      Schema::compile(text, {}, dialect("\"" + vocab + "core\":true,\"" + vocab + "applicator\":true"));
  REQUIRE(plain);
  simdjson::dom::parser parser;
  CHECK(plain->validate(parser.parse(std::string(R"({"n":1})"))));
  CHECK_FALSE(plain->validate(parser.parse(std::string(R"({"x":1})"))));
  CHECK(Schema::compile(text, {}, dialect(R"("https://example.com/v":false)")));
  const auto unknown = Schema::compile(text, {}, dialect(R"("https://example.com/v":true)"));
  REQUIRE_FALSE(unknown);
  CHECK(mentions(unknown.error().message,
                 "needs the vocabulary \"https://example.com/v\", which is not known"));
}

TEST_CASE("schema: both sides of the compiler's limits", "[json][schema]") {
  const auto deep = [](int levels) { return nested("{\"not\":", "true", "}", levels); };
  CHECK(refusal(deep(64)).empty());
  CHECK(mentions(refusal(deep(66)), "deeper than 64"));
  CHECK_FALSE(Schema::compile(nested("{\"const\":[", "1", "]}", 100'000)));
  CHECK_FALSE(Schema::compile("{\"const\":" + nested("[", "1", "]", 100'000) + "}"));
  CHECK(valid("{\"const\":" + nested("[", "1", "]", 400) + "}", nested("[", "1", "]", 400)));
  SchemaLimits limits;
  limits.subschemas_max = 3;
  CHECK(refusal(R"({"allOf":[true,true]})", limits).empty());
  CHECK(mentions(refusal(R"({"allOf":[true,true,true]})", limits), "more than 3 subschemas"));
  limits = {};
  limits.pattern_bytes_max = 4;
  CHECK(refusal(R"({"pattern":"aaaa"})", limits).empty());
  CHECK(mentions(refusal(R"({"pattern":"aaaaa"})", limits), "longer than 4 bytes"));
  CHECK(mentions(refusal(R"({"patternProperties":{"aaaaa":true}})", limits), "longer than 4 bytes"));
}

TEST_CASE("schema: a schema without end is cut off, not run", "[json][schema]") {
  for (const char* endless : {R"({"$ref":"#"})", R"({"allOf":[{"$ref":"#"},{"$ref":"#"}]})",
                              R"({"not":{"$ref":"#"}})", R"({"$dynamicAnchor":"a","$dynamicRef":"#a"})",
                              R"({"anyOf":[{"$ref":"#"}]})", R"({"if":{"$ref":"#"}})"}) {
    CAPTURE(endless);
    const auto result = checked(endless, "1");
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Errc::exhausted);
  }
  CHECK(valid(R"({"$ref":"#/$defs/n","$defs":{"n":{"properties":{"c":{"$ref":"#/$defs/n"}}}}})",
              nested("{\"c\":", "{}", "}", 400)));
}

TEST_CASE("schema: the step budget bounds all work", "[json][schema]") {
  SchemaLimits limits;
  limits.steps_max = 1000;
  std::string many = "[1";
  for (int i = 0; i < 2000; ++i) many += "," + std::to_string(i + 2);
  many += "]";
  const auto exhausts = [&](const char* schema, const std::string& instance) {
    const auto result = checked(schema, instance, limits);
    return !result && result.error().code == Errc::exhausted &&
           mentions(result.error().message, "more than 1000 steps");
  };
  CHECK(exhausts(R"({"items":{"type":"integer"}})", many));
  CHECK(exhausts(R"({"items":{"anyOf":[{"type":"string"},{"type":"integer"}]}})", many));
  CHECK(exhausts(R"({"uniqueItems":true})", many));
  CHECK(exhausts(R"({"contains":{"type":"null"}})", many));
  CHECK(exhausts(R"({"pattern":"a"})", "\"" + std::string(100'000, 'b') + "\""));
  CHECK(exhausts(R"({"unevaluatedItems":true})", many));
  CHECK(valid(R"({"items":{"type":"integer"}})", many));  // a million by default
}

TEST_CASE("schema: a large array of different items is found unique in good time", "[json][schema]") {
  std::string many = "[0";
  for (int i = 1; i < 50'000; ++i) many += ",[" + std::to_string(i) + "]";
  CHECK(valid(R"({"uniqueItems":true})", many + "]"));
  CHECK(mentions(problem(R"({"uniqueItems":true})", many + ",[49999]]"), "item 50000 (an array) repeats"));
}

TEST_CASE("schema pattern: ECMA-262 is translated, and what RE2 cannot do is named", "[json][schema]") {
  const auto matches = [](std::string_view pattern, std::string_view text) {
    const auto compiled = compile_pattern(pattern, 1024);
    REQUIRE(compiled);
    return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), **compiled);
  };
  CHECK(matches("^\\u0041\\u{1F600}\\ud83d\\ude00$", "A\xf0\x9f\x98\x80\xf0\x9f\x98\x80"));
  CHECK(matches("^\\p{Letter}+$", "\xc3\xa9t\xc3\xa9"));
  CHECK(matches("^\\p{Script=Greek}$", "\xce\xb1"));
  CHECK(matches("^\\s$", "\xc2\xa0"));
  CHECK_FALSE(matches("^\\S$", "\xc2\xa0"));
  CHECK(matches("^[\\s]$", "\v"));
  CHECK(matches("^\\cC$", "\x03"));
  CHECK(matches("^[^]$", "\n"));
  CHECK_FALSE(matches("[]", "x"));
  CHECK(matches("^(?<name>a)$", "a"));
  CHECK(matches("^[[:x]$", ":"));
  CHECK(matches("^\\/\\-\\.$", "/-."));
  CHECK_FALSE(matches("^a$", "a\n"));
  CHECK_FALSE(matches("^(a+)+$", std::string(50'000, 'a') + "b"));
  for (const char* bad : {"(?=a)", "(?!a)", "(?<=a)", "(a)\\1", "(", "a{2,1}", "\\Q", "\\z", "\\u12",
                          "\\ud800", "[\\S]", "\\c1", "\\", "\\p{None}", "a{100000}", "\\u{110000}"}) {
    CAPTURE(bad);
    const auto compiled = compile_pattern(bad, 1024);
    REQUIRE_FALSE(compiled);
    CHECK(mentions(compiled.error().message, std::string("pattern \"") + bad + "\" cannot be used"));
  }
}

TEST_CASE("schema uri: references resolve as RFC 3986 has it", "[json][schema]") {
  const char* base = "http://a/b/c/d;p?q";  // section 5.4
  CHECK(resolve_uri(base, "g:h") == "g:h");
  CHECK(resolve_uri(base, "g") == "http://a/b/c/g");
  CHECK(resolve_uri(base, "./g") == "http://a/b/c/g");
  CHECK(resolve_uri(base, "g/") == "http://a/b/c/g/");
  CHECK(resolve_uri(base, "/g") == "http://a/g");
  CHECK(resolve_uri(base, "//g") == "http://g");
  CHECK(resolve_uri(base, "?y") == "http://a/b/c/d;p?y");
  CHECK(resolve_uri(base, "g?y#s") == "http://a/b/c/g?y#s");
  CHECK(resolve_uri(base, "#s") == "http://a/b/c/d;p?q#s");
  CHECK(resolve_uri(base, "") == "http://a/b/c/d;p?q");
  CHECK(resolve_uri(base, ".") == "http://a/b/c/");
  CHECK(resolve_uri(base, "..") == "http://a/b/");
  CHECK(resolve_uri(base, "../g") == "http://a/b/g");
  CHECK(resolve_uri(base, "../../../g") == "http://a/g");
  CHECK(resolve_uri(base, "/./g") == "http://a/g");
  CHECK(resolve_uri(base, "g;x=1/../y") == "http://a/b/c/y");
  CHECK(resolve_uri("http://a", "g") == "http://a/g");
  CHECK(resolve_uri("urn:x:y", "#f") == "urn:x:y#f");
  CHECK(resolve_uri("", "item") == "item");
  CHECK(decode_percent("a%25b%7E%zz%4") == "a%b~%zz%4");
}
