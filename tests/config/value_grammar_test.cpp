#include "config/value_grammar.hpp"

#include "catch.hpp"

using namespace toolpost;

TEST_CASE("value grammar: language tags that are well-formed", "[config]") {
  for (const char* tag : {"en", "de-DE", "pt-BR", "zh-Hant-TW", "sr-Latn", "es-419", "sl-rozaj", "de-1996",
                          "en-u-ca-gregory", "x-house", "en-x-house-style", "yue"}) {
    INFO(tag);
    CHECK(locale_fault(tag) == "");
  }
}

TEST_CASE("value grammar: language tags that are not", "[config]") {
  for (const char* tag : {"", "e", "en_US", "en-", "-en", "en--US", "12", "en-toolongsub", "englishes",
                          "en-u", "en-u-x-a", "x", "en-x", "en US", "d\xC3\xA9"}) {
    INFO(tag);
    CHECK(locale_fault(tag) != "");
  }
}

TEST_CASE("value grammar: URLs that a provider may have", "[config]") {
  for (const char* url :
       {"https://api.example.com", "https://api.example.com/v1/", "http://127.0.0.1:8000/v1",
        "http://[::1]:65535", "HTTPS://EXAMPLE.com", "http://my_host:1"}) {
    INFO(url);
    CHECK(url_fault(url) == "");
  }
}

TEST_CASE("value grammar: URLs that none may have", "[config]") {
  for (const char* url :
       {"", "example.com", "ftp://example.com", "https://", "https:///v1", "https://u:p@example.com",
        "https://example.com/?a=1", "https://example.com/#f", "https://example.com:0",
        "https://example.com:65536", "https://example.com:", "https://exa mple.com", "https://example.com\n",
        "http://[::1", "http://[]", "http://[::1]x", "http://[zz]", "https://ex%41mple.com",
        "https://example.com\\@evil.com"}) {
    INFO(url);
    CHECK(url_fault(url) != "");
  }
}

TEST_CASE("value grammar: what the http effect could not use is refused already here", "[config]") {
  for (const char* url :
       {"http://a..b", "http://.a", "http://a.", "http://127.1", "http://2130706433", "http://0x7f000001",
        "http://0177.0.0.1", "http://1.2.3.256", "http://[::1::]", "http://[1:2]", "http://[12345::]",
        "http://h:080", "http://h/a\\b", "http://h/%zz", "http://h/%4", "http://h/caf\xC3\xA9"}) {
    INFO(url);
    CHECK(url_fault(url) != "");
  }
  CHECK(url_fault("http://" + std::string(254, 'a')) != "");
  for (const char* url : {"http://127.0.0.1", "http://1.example", "http://0x7f.example", "http://h/%2e~a"}) {
    INFO(url);
    CHECK(url_fault(url) == "");
  }
}

TEST_CASE("value grammar: an origin has no path", "[config]") {
  CHECK(origin_fault("https://api.example.com:8443") == "");
  CHECK(origin_fault("https://api.example.com/") != "");
  CHECK(origin_fault("https://*.example.com") != "");
}

TEST_CASE("value grammar: plain http counts as remote unless the host is this machine", "[config]") {
  CHECK(is_plain_remote("http://example.com/v1"));
  CHECK(is_plain_remote("http://127.0.0.1.example.com"));
  CHECK(is_plain_remote("http://localhost.example.com"));
  CHECK_FALSE(is_plain_remote("https://example.com"));
  CHECK_FALSE(is_plain_remote("http://localhost:8000/v1"));
  CHECK_FALSE(is_plain_remote("http://127.8.0.1/"));
  CHECK_FALSE(is_plain_remote("http://[::1]:80"));
}

TEST_CASE("value grammar: names of providers and variables", "[config]") {
  CHECK(provider_name_fault("glm-4_a") == "");
  CHECK(provider_name_fault(std::string(64, 'a')) == "");
  CHECK(provider_name_fault(std::string(65, 'a')) != "");
  CHECK(provider_name_fault("GLM") != "");
  CHECK(provider_name_fault("") != "");
  CHECK(variable_fault("API_KEY_2") == "");
  CHECK(variable_fault("2KEY") != "");
  CHECK(variable_fault("sk-abc") != "");
  CHECK(variable_fault(std::string(257, 'A')) != "");
}
