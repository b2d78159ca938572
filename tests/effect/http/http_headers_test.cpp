#include "effect/http/http_headers.hpp"

#include "catch.hpp"

using namespace toolpost;

TEST_CASE("http headers: a line is a lower-case name and a trimmed value without control characters",
          "[http]") {
  CHECK(parse_header_line("Content-Type:  a/b \t\r\n") ==
        std::pair<std::string, std::string>("content-type", "a/b"));
  CHECK(parse_header_line("a: x\x01\x7fy") == std::pair<std::string, std::string>("a", "x  y"));
  CHECK(parse_header_line("a:") == std::pair<std::string, std::string>("a", ""));
  for (const char* line : {"HTTP/1.1 200 OK", "", ": x", "a b: c", "\x01: c"}) {
    CAPTURE(line);
    CHECK_FALSE(parse_header_line(line));
  }
}

TEST_CASE("http headers: a control character at the end leaves no space behind", "[http]") {
  CHECK(parse_header_line("a: x\x07\x7f")->second == "x");
  CHECK(parse_header_line("a: \x01x")->second == "x");
}

TEST_CASE("http headers: no name or value of a plugin can begin another line", "[http]") {
  CHECK(check_request_header("accept", "text/plain, */*;q=0.5"));
  for (const char* value : {"a\r\nhost: b", "a\nb", "a\rb", "a\x01"})
    CHECK_FALSE(check_request_header("a", value));
  for (const char* name : {"", "a:b", "a b", "a\r\nb", "host", "content-length", "proxy-authorization"})
    CHECK_FALSE(check_request_header(name, "x"));
}
