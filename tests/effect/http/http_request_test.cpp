#include "effect/http/http_request.hpp"

#include "catch.hpp"
#include "effect/http/base64.hpp"

using namespace toolpost;
using Catch::Contains;

namespace {

std::string with(const std::string& members) {
  return R"({"method": "POST", "url": "https://api.example.com/v1")" +
         (members.empty() ? "" : ", " + members) + "}";
}

std::string refusal(const std::string& text) {
  const auto request = http_request_from_json(text);
  if (request) return "accepted";
  CHECK(request.error().code == Errc::invalid_input);
  return request.error().message;
}

std::string body_member(const std::string& type, const std::string& body) {
  HttpResponse response;
  response.status = 200;
  if (!type.empty()) response.headers = {{"content-type", type}};
  response.body = body;
  const std::string text = http_response_to_json(response);
  return text.substr(0, text.find(",\"bytes\""));
}

}  // namespace

TEST_CASE("http request: a refusal never cuts a member's name inside a character", "[http]") {
  std::string name = "x";
  for (int i = 0; i < 40; ++i) name += "\xc3\xa9";
  for (const std::string& text : {R"({"url":"http://h/",")" + name + R"(":1})",
                                  R"({"url":"http://h/","headers":{")" + name + R"(":1}})"}) {
    const auto request = http_request_from_json(text);
    REQUIRE_FALSE(request);
    for (const char byte : request.error().message) CHECK((byte >= 0x20 && byte < 0x7f));
  }
}

TEST_CASE("http request: reads every member", "[http]") {
  const auto request = http_request_from_json(with(
      R"("headers": {"X-Trace": "7", "Accept": ""}, "json": {"b": 1, "a": "ä"}, "secret": "key",
         "stream": "sse", "content_pointers": ["/choices/0/delta/content", "/a~1b"], "idempotency_key": "k-1")"));
  REQUIRE(request);
  CHECK(request->method == "POST");
  CHECK(to_string(request->url) == "https://api.example.com/v1");
  CHECK(request->headers ==
        HttpHeaders{{"accept", ""}, {"x-trace", "7"}, {"content-type", "application/json"}});
  CHECK(request->body == "{\"a\":\"ä\",\"b\":1}");
  CHECK(request->secret == "key");
  CHECK(request->stream == StreamFormat::sse);
  CHECK(request->content_pointers == std::vector<std::string>{"/choices/0/delta/content", "/a~1b"});
  CHECK(request->idempotency_key == "k-1");
}

TEST_CASE("http request: a body is JSON, text or bytes, and POST and PUT always have one", "[http]") {
  const auto text =
      http_request_from_json(with(R"("text": "x\u0000y", "headers": {"Content-Type": "text/csv"})"));
  REQUIRE(text);
  CHECK(text->body == std::string("x\0y", 3));
  CHECK(text->headers == HttpHeaders{{"content-type", "text/csv"}});
  const auto bytes = http_request_from_json(with(R"("body_base64": "AP8=")"));
  REQUIRE(bytes);
  CHECK(bytes->body == std::string("\0\xff", 2));
  CHECK(find_header(bytes->headers, "content-type") == "application/octet-stream");
  CHECK(http_request_from_json(with(""))->body == "");
  CHECK(http_request_from_json(R"({"method": "GET", "url": "https://h/"})")->body == std::nullopt);
  CHECK(http_request_from_json(R"({"method": "DELETE", "url": "https://h/"})")->body == std::nullopt);
  CHECK_THAT(refusal(with(R"("json": 1, "text": "2")")), Contains("only one of"));
  CHECK_THAT(refusal(with(R"("body_base64": "AP8")")), Contains("base64"));
  CHECK_THAT(refusal(R"({"method": "GET", "url": "https://h/", "text": ""})"), Contains("GET has no body"));
}

TEST_CASE("http request: says what is wrong with it", "[http]") {
  CHECK_THAT(refusal("{"), Contains("not valid JSON"));
  CHECK_THAT(refusal("[]"), Contains("object"));
  CHECK_THAT(refusal("{\"a\": \"\xff\"}"), Contains("not valid JSON"));
  CHECK_THAT(refusal(with("\"json\": " + std::string(300, '[') + std::string(300, ']'))),
             Contains("deeper than 256"));
  CHECK_THAT(refusal(R"({"url": "https://h/"})"), Contains("\"method\""));
  CHECK_THAT(refusal(R"({"method": "PATCH", "url": "https://h/"})"), Contains("\"method\""));
  CHECK_THAT(refusal(R"({"method": "get", "url": "https://h/"})"), Contains("\"method\""));
  CHECK_THAT(refusal(R"({"method": "GET"})"), Contains("\"url\" is missing"));
  CHECK_THAT(refusal(R"({"method": "GET", "url": "http://u@h/"})"), Contains("user name"));
  CHECK_THAT(refusal(with("\"jsn\": 1")), Contains("did you mean \"json\""));
  CHECK_THAT(refusal(with("\"headers\": []")), Contains("\"headers\""));
  CHECK_THAT(refusal(with("\"headers\": {\"a\": 1}")), Contains("\"a\""));
  CHECK_THAT(refusal(with("\"secret\": 1")), Contains("\"secret\""));
  CHECK_THAT(refusal(with("\"stream\": \"lines\"")), Contains("\"stream\""));
  CHECK_THAT(refusal(with("\"content_pointers\": [\"/a\"]")), Contains("needs \"stream\""));
  for (const char* bad : {"\"a\"", "\"\"", "\"/a~\"", "\"/a~2\"", "1"}) {
    CHECK_THAT(refusal(with("\"stream\": \"sse\", \"content_pointers\": [" + std::string(bad) + "]")),
               Contains("JSON pointer"));
  }
  CHECK_THAT(refusal(with("\"idempotency_key\": \"a b\"")), Contains("idempotency_key"));
  CHECK_THAT(refusal(with("\"idempotency_key\": \"a\", \"headers\": {\"Idempotency-Key\": \"b\"}")),
             Contains("both"));
}

TEST_CASE("http request: a plugin sends no field that frames, steers or authenticates for the host",
          "[http]") {
  for (const std::string name :
       {"Host", "cookie", "Content-Length", "TRANSFER-ENCODING", "Connection", "Keep-Alive", "TE", "Upgrade",
        "Expect", "Accept-Encoding", "Proxy-Authorization", "proxy-x", "Trailer"}) {
    CAPTURE(name);
    CHECK_THAT(refusal(with("\"headers\": {\"" + name + "\": \"x\"}")), Contains("set by the host"));
  }
  for (const std::string name : {"", "a b", "a:b", "a\\nb", "ä"}) {
    CAPTURE(name);
    CHECK_THAT(refusal(with("\"headers\": {\"" + name + "\": \"x\"}")), Contains("token"));
  }
  for (const std::string value : {"a\\r\\nHost: x", "a\\nb", "\\u0000", "\\u007f"}) {
    CAPTURE(value);
    CHECK_THAT(refusal(with("\"headers\": {\"a\": \"" + value + "\"}")), Contains("control characters"));
  }
  CHECK_THAT(refusal(with(R"("headers": {"X-A": "1", "x-a": "2"})")), Contains("twice"));
  CHECK(refusal(with(R"("headers": {"Authorization": "Bearer mine"})")) == "accepted");
  CHECK_THAT(refusal(with(R"("headers": {"Authorization": "x"}, "secret": "key")")),
             Contains("bound secret"));
  CHECK(refusal(with("\"headers\": {\"a\": \"" + std::string(8192, 'x') + "\"}")) == "accepted");
  CHECK_THAT(refusal(with("\"headers\": {\"a\": \"" + std::string(8193, 'x') + "\"}")), Contains("8192"));
}

TEST_CASE("http response: a body is shown as JSON, as text, or as bytes, whichever is true", "[http]") {
  CHECK_THAT(body_member("application/json; charset=utf-8", "{\"a\": [1, 2]}"),
             Contains(R"("body_json":{"a":[1,2]})"));
  CHECK_THAT(body_member("application/problem+json", "null"), Contains("\"body_json\":null"));
  CHECK_THAT(body_member("application/json", "{broken"), Contains("\"body_text\":\"{broken\""));
  CHECK_THAT(body_member("application/json", std::string(100'000, '[')), Contains("\"body_text\""));
  CHECK_THAT(body_member("application/json", "1e999"), Contains("\"body_text\":\"1e999\""));
  CHECK_THAT(body_member("text/html", "ä\xf0\x9f\x98\x80"), Contains("\"body_text\":\"ä\xf0\x9f\x98\x80\""));
  CHECK_THAT(body_member("", ""), Contains("\"body_text\":\"\""));
  for (const std::string bytes :
       {"\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\x80\x80"}) {
    CHECK_THAT(body_member("text/plain", bytes), Contains("\"body_base64\":\"" + to_base64(bytes) + "\""));
  }
  CHECK_THAT(body_member("text/plain", std::string(1, '\0')), Contains("\"body_base64\":\"AA==\""));
}

TEST_CASE("http response: writes status, joined fields, events and how a stream broke", "[http]") {
  HttpResponse response;
  response.status = 200;
  response.headers = {{"a", "1"}, {"b", "2"}, {"a", "3"}};
  response.streamed = true;
  response.events = {{"delta", "{\"x\":1}"}, {"", "bad \xff"}};
  response.broken_by = Error{Errc::unavailable, "reset", Millis(0), SideEffect::maybe};
  response.elapsed = Millis(12);
  response.bytes = 34;
  CHECK(http_response_to_json(response) ==
        R"({"bytes":34,"elapsed_ms":12,"error":{"code":"unavailable","message":"reset"},)"
        R"("events":[{"data":"{\"x\":1}","event":"delta"},{"data":"bad )"
        "\xef\xbf\xbd"
        R"(","data_base64":"YmFkIP8=","event":""}],)"
        R"("headers":{"a":"1, 3","b":"2"},"status":200,"truncated":true})");
}

TEST_CASE("http response: a secret is masked in every string, and numbers stay whole", "[http]") {
  HttpResponse response;
  response.status = 200;
  response.headers = {{"content-type", "application/json"}, {"echo", "Bearer 123456"}};
  response.body = R"({"k\u0031123456": ["\u003123456", 123456], "123456": "x123456123456"})";
  const std::string text = http_response_to_json(response, "123456");
  CHECK_THAT(text, Contains("\"echo\":\"Bearer [secret]\""));
  CHECK_THAT(text,
             Contains(R"("body_json":{"[secret]":"x[secret][secret]","k1[secret]":["[secret]",123456]})"));
  std::string body = "abcabcab";
  mask_secret(body, "abc");
  CHECK(body == "abcabcab");
  mask_secret(body, "abca");
  CHECK(body == "[secret]bcab");
  mask_secret(body, "");
  CHECK(body == "[secret]bcab");
}

TEST_CASE("http request: content is what stands at a pointer and is not empty", "[http]") {
  const std::vector<std::string> pointers = {"/choices/0/delta/content", "/a~1b~0c"};
  CHECK(has_content(R"({"choices": [{"delta": {"content": "x"}}]})", pointers));
  CHECK(has_content(R"({"choices": [{"delta": {"content": [1]}}]})", pointers));
  CHECK(has_content(R"({"a/b~c": 0})", pointers));
  CHECK(has_content(R"({"a/b~c": true})", pointers));
  for (const std::string_view data :
       {"", "[DONE]", "{}", "[]", "null", "7", "{\"choices\": []}", "{\"choices\": 1}",
        "{\"choices\": {\"0\": 1}}", R"({"choices": [{"delta": {"content": ""}}]})",
        R"({"choices": [{"delta": {"content": null}}]})", R"({"choices": [{"delta": {"content": {}}}]})",
        R"({"a/b~c": false})"}) {
    CAPTURE(data);
    CHECK_FALSE(has_content(data, pointers));
  }
  CHECK_FALSE(has_content("[[1]]", {"/x/0", "/-/0", "/0/1", "/99999999999999999999", "//0"}));
  CHECK(has_content("[DONE]", {}));
  CHECK_FALSE(has_content("", {}));
}

TEST_CASE("base64: both ways, strictly", "[http]") {
  for (const std::string bytes : {"", "f", "fo", "foo", "foob", "\xff\xfe\xfd"})
    CHECK(from_base64(to_base64(bytes)) == bytes);
  CHECK(to_base64("foobar") == "Zm9vYmFy");
  for (const std::string_view text :
       {"Zg", "Zg=", "Zh==", "Zm8==", "Z g=", "Zg==Zg==", "====", "Zm9-", "="}) {
    CAPTURE(text);
    CHECK_FALSE(from_base64(text));
  }
}
