#include "effect/http/origin.hpp"

#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>

#include "catch.hpp"
#include "effect/http/http_call.hpp"
#include "effect/http/private_address.hpp"

using namespace toolpost;

namespace {

std::string canonical(std::string_view text) {
  const auto url = parse_url(text);
  return url ? to_string(*url) : "refused: " + url.error().message;
}

std::string resolved(std::string_view base, std::string_view location) {
  const auto url = resolve_location(*parse_url(base), location);
  return url ? to_string(*url) : "refused";
}

}  // namespace

TEST_CASE("origin: reads plain http and https addresses and writes them in one form", "[http]") {
  CHECK(canonical("https://api.example.com") == "https://api.example.com/");
  CHECK(canonical("HTTPS://API.Example.com:443/v1/chat?x=1&y=[2]#part") ==
        "https://api.example.com/v1/chat?x=1&y=[2]");
  CHECK(canonical("http://127.0.0.1:8080?q") == "http://127.0.0.1:8080/?q");
  CHECK(canonical("http://h:80/") == "http://h/");
  CHECK(canonical("http://h:443/") == "http://h:443/");
  CHECK(canonical("https://h/a@b:c") == "https://h/a@b:c");
  CHECK(canonical("https://[2001:DB8:0:0::1]:8443/x") == "https://[2001:db8::1]:8443/x");
  CHECK(canonical("https://[::ffff:1.2.3.4]/") == "https://[::ffff:1.2.3.4]/");
  CHECK(canonical("https://xn--bcher-kva.example/%C3%A4") == "https://xn--bcher-kva.example/%C3%A4");
  CHECK(canonical("https://h:65535/") == "https://h:65535/");
  CHECK(canonical("https://1.2.3.4.example/") == "https://1.2.3.4.example/");
}

TEST_CASE("origin: refuses whatever two parsers might read differently", "[http]") {
  for (const std::string_view text : {"",
                                      "https",
                                      "https:/h",
                                      "//h/",
                                      "ftp://h/",
                                      "file:///etc/passwd",
                                      "javascript:alert(1)",
                                      " https://h/",
                                      "https://",
                                      "https:///path",
                                      "https://?q",
                                      "https://user@h/",
                                      "https://user:pw@h/",
                                      "https://@h/",
                                      "https://h\\@evil/",
                                      "https://h/\\..",
                                      "https://h/a b",
                                      "https://h/\t",
                                      "https://h/\r\nX: y",
                                      "https://h/\x7f",
                                      "https://b\xc3\xbc"
                                      "cher.example/",
                                      "https://h/\xc3\xa4",
                                      "https://h/%",
                                      "https://h/%2",
                                      "https://h/%zz",
                                      "https://%68/",
                                      "https://h/<>",
                                      "https://h:/",
                                      "https://h:0/",
                                      "https://h:080/",
                                      "https://h:65536/",
                                      "https://h:+80/",
                                      "https://h:-1/",
                                      "https://h:8 0/",
                                      "https://h:80:80/",
                                      "https://h:99999999999/",
                                      "https://a..b/",
                                      "https://.a/",
                                      "https://a./",
                                      "https://a!b/",
                                      "https://[::1/",
                                      "https://[::1]x/",
                                      "https://[fe80::1%25eth0]/",
                                      "https://[1::2::3]/",
                                      "https://[]/",
                                      "https://::1/"}) {
    CAPTURE(text);
    const auto url = parse_url(text);
    REQUIRE_FALSE(url);
    CHECK(url.error().code == Errc::invalid_input);
  }
  for (const std::string_view host :
       {"0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "2130706433", "127.1", "127.0.1", "1.2.3.4.5", "256.1.1.1",
        "1.2.3.04", "a.0x", "a.1", "017700000001"}) {
    CAPTURE(host);
    CHECK_FALSE(parse_url("http://" + std::string(host) + "/"));
  }
  CHECK(parse_url("https://h/" + std::string(url_bytes_max - 10, 'a')));
  CHECK_FALSE(parse_url("https://h/" + std::string(url_bytes_max - 9, 'a')));
  CHECK(parse_url("https://" + std::string(253, 'a')));
  CHECK_FALSE(parse_url("https://" + std::string(254, 'a')));
  CHECK_FALSE(parse_url(std::string_view("https://h/\0x", 12)));
}

TEST_CASE("origin: compares scheme, host and port exactly; a configured one has no path", "[http]") {
  CHECK(*parse_origin("https://A.example") == *parse_origin("https://a.example:443/"));
  CHECK_FALSE(*parse_origin("https://a.example") == *parse_origin("http://a.example"));
  CHECK_FALSE(*parse_origin("https://a.example") == *parse_origin("https://a.example:444"));
  CHECK_FALSE(*parse_origin("https://a.example") == *parse_origin("https://b.a.example"));
  CHECK_FALSE(parse_origin("https://a.example/v1"));
  CHECK_FALSE(parse_origin("https://a.example/?q"));
  CHECK_FALSE(parse_origin("https://a.example#x"));
}

TEST_CASE("origin: a redirect's location is resolved against its base and is as strict", "[http]") {
  const std::string base = "https://h/a/b/c?q=/x/";
  CHECK(resolved(base, "d") == "https://h/a/b/d");
  CHECK(resolved(base, "./d/.") == "https://h/a/b/d/");
  CHECK(resolved(base, "../d?e#f") == "https://h/a/d?e");
  CHECK(resolved(base, "../../../../d") == "https://h/d");
  CHECK(resolved(base, "/d//e/../f") == "https://h/d//f");
  CHECK(resolved(base, "..") == "https://h/a/");
  CHECK(resolved(base, "?e=../f") == "https://h/a/b/c?e=../f");
  CHECK(resolved(base, "/") == "https://h/");
  CHECK(resolved(base, "//other:8443/x") == "https://other:8443/x");
  CHECK(resolved(base, "http://other/x") == "http://other/x");
  CHECK(resolved(base, "d?u=http://x/") == "https://h/a/b/d?u=http://x/");
  CHECK(resolved(base, "//u@other/") == "refused");
  CHECK(resolved(base, "file:///etc/passwd") == "refused");
  CHECK(resolved(base, "\\\\other\\x") == "refused");
  CHECK(resolved(base, "a b") == "refused");
}

TEST_CASE("private address: every range that is not the public internet, and both sides of its ends",
          "[http]") {
  for (const char* text : {"0.0.0.0",
                           "0.255.255.255",
                           "10.0.0.1",
                           "100.64.0.0",
                           "100.127.255.255",
                           "127.0.0.1",
                           "127.255.255.255",
                           "169.254.169.254",
                           "172.16.0.0",
                           "172.31.255.255",
                           "192.0.0.1",
                           "192.0.2.1",
                           "192.168.255.255",
                           "198.18.0.0",
                           "198.19.255.255",
                           "224.0.0.1",
                           "239.1.1.1",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "::ffff:127.0.0.1",
                           "::ffff:169.254.169.254",
                           "::7f00:1",
                           "64:ff9b::10.0.0.1",
                           "64:ff9b:1::1",
                           "100::1",
                           "2001::1",
                           "2001:db8::1",
                           "2002:7f00:1::",
                           "2002:a00:1::",
                           "fc00::1",
                           "fdff::1",
                           "fe80::1",
                           "fec0::1",
                           "ff02::1",
                           "3fff:fff::1",
                           "4000::1",
                           "",
                           "localhost",
                           "1.2.3"}) {
    CAPTURE(text);
    CHECK(is_private_address(std::string(text)));
  }
  for (const char* text :
       {"1.1.1.1",         "9.255.255.255",    "11.0.0.0",       "100.63.255.255",  "100.128.0.0",
        "126.255.255.255", "128.0.0.1",        "169.253.1.1",    "172.15.255.255",  "172.32.0.0",
        "192.167.1.1",     "192.169.0.0",      "198.17.255.255", "198.20.0.0",      "223.255.255.255",
        "::ffff:8.8.8.8",  "64:ff9b::8.8.8.8", "2001:200::1",    "2002:808:808::1", "2606:4700::1111",
        "2a00::1"}) {
    CAPTURE(text);
    CHECK_FALSE(is_private_address(std::string(text)));
  }
}

TEST_CASE("private address: reads socket addresses and trusts no other family", "[http]") {
  sockaddr_storage storage{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(0x08080808);
  CHECK_FALSE(is_private_address(reinterpret_cast<const sockaddr*>(&storage)));
  v4.sin_addr.s_addr = htonl(0x7f000001);
  CHECK(is_private_address(reinterpret_cast<const sockaddr*>(&storage)));
  storage = {};
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  v6.sin6_family = AF_INET6;
  CHECK(is_private_address(reinterpret_cast<const sockaddr*>(&storage)));
  v6.sin6_addr.s6_addr[0] = 0x2a;
  CHECK_FALSE(is_private_address(reinterpret_cast<const sockaddr*>(&storage)));
  storage = {};
  storage.ss_family = AF_UNIX;
  CHECK(is_private_address(reinterpret_cast<const sockaddr*>(&storage)));
  CHECK(is_private_address(static_cast<const sockaddr*>(nullptr)));
}

TEST_CASE("http call: an origin must be granted, and http only if the operator wrote it", "[http]") {
  const Origin granted = *parse_origin("https://api.example.com");
  const Origin plain = *parse_origin("http://api.example.com");
  const HttpCall call{
      {}, "org.example.tool", {{granted, false}, {plain, false}}, std::nullopt, Deadline(TimePoint{})};
  CHECK(find_grant(call, granted));
  const auto other = find_grant(call, *parse_origin("https://evil.example:8443"));
  REQUIRE_FALSE(other);
  CHECK(other.error().code == Errc::permission);
  CHECK_THAT(
      other.error().message,
      Catch::Contains("http_origins = [\"https://evil.example:8443\"] under [plugins.\"org.example.tool\"]"));
  CHECK_FALSE(find_grant(call, plain));
  HttpCall literal = call;
  literal.allowed.push_back({plain, true});
  CHECK(find_grant(literal, plain));
}

TEST_CASE("origin: the length limit holds for the URL that is sent", "[http]") {
  const std::string exact = "http://h/" + std::string(url_bytes_max - 9, 'x');
  CHECK(parse_url(exact));
  CHECK_FALSE(parse_url(exact + "x"));
  CHECK_FALSE(parse_url("http://h?" + std::string(url_bytes_max - 9, 'x')));  // a "/" comes to it
  const Url base = *parse_url("http://a.long.host.example/");
  CHECK_FALSE(resolve_location(base, "/" + std::string(url_bytes_max - 9, 'x')));
  CHECK_FALSE(resolve_location(base, "?" + std::string(url_bytes_max - 9, 'x')));
}
