#include "telemetry/redact.hpp"

#include "catch.hpp"

using namespace toolpost;

namespace {
const std::string kDigits20 = "abcdefghij0123456789";
}

TEST_CASE("redact: text without secrets comes back as it is", "[telemetry]") {
  Redactor redactor;
  redactor.add(Secret("KEY", "hunter22"));
  for (const std::string text : std::initializer_list<const char*>{
           "", "h", "hu", "hunter2", "risk-free task-force-of-many-words-1 sk-", "bearer of news",
           "----------", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
           "B\xC3\xA9 \xFF\xFE"}) {
    INFO(text);
    CHECK(redactor.mask(text) == text);
    CHECK_FALSE(redactor.contains_secret(text));
  }
}

TEST_CASE("redact: a live value is masked wherever it stands", "[telemetry]") {
  Redactor redactor;
  redactor.add(Secret("KEY", "hunter22"));
  CHECK(redactor.mask("hunter22") == "[secret KEY]");
  CHECK(redactor.mask("xhunter22x hunter22") == "x[secret KEY]x [secret KEY]");
  CHECK(redactor.mask("hunter22hunter22") == "[secret KEY][secret KEY]");
  CHECK(redactor.mask("hunter2hunter22") == "hunter2[secret KEY]");
  CHECK(redactor.contains_secret("a hunter22"));
}

TEST_CASE("redact: JSON, URL and base64 spellings are masked too", "[telemetry]") {
  Redactor redactor;
  redactor.add(Secret("KEY", "p\"a/ss\\word+1"));
  CHECK(redactor.mask(R"({"k":"p\"a/ss\\word+1"})") == R"({"k":"[secret KEY]"})");
  CHECK(redactor.mask("?k=p%22a%2Fss%5Cword%2B1&") == "?k=[secret KEY]&");
  Redactor basic;
  basic.add(Secret("KEY", "secretvalue"));
  CHECK_FALSE(basic.mask("Basic dXNlcjpzZWNyZXR2YWx1ZQ==").ends_with("NyZXR2YWx1ZQ=="));
}

TEST_CASE("redact: of overlapping values the longest is taken, rotated ones stay masked", "[telemetry]") {
  Redactor redactor;
  redactor.add(Secret("SHORT", "hunter"));
  redactor.add(Secret("LONG", "hunter22"));
  redactor.add(Secret("LONG", "nextvalue"));
  redactor.add(Secret("LONG", "nextvalue"));
  CHECK(redactor.mask("hunter22 hunter nextvalue") == "[secret LONG] [secret SHORT] [secret LONG]");
}

TEST_CASE("redact: values of six bytes are masked, shorter ones are not", "[telemetry]") {
  Redactor redactor;
  redactor.add(Secret("SIX", "abc12x"));
  redactor.add(Secret("FIVE", "none5"));
  CHECK(redactor.mask("abc12x none5") == "[secret SIX] none5");
}

TEST_CASE("redact: tokens are known by their shape, long enough and with a digit", "[telemetry]") {
  const Redactor redactor;
  CHECK(redactor.mask("key sk-" + kDigits20 + ".") == "key [secret token].");
  CHECK(redactor.mask("sk-" + kDigits20.substr(1)) == "sk-" + kDigits20.substr(1));
  CHECK(redactor.mask("sk-proj-abc_" + kDigits20) == "[secret token]");
  CHECK(redactor.mask("sk-this-is-only-a-long-name") == "sk-this-is-only-a-long-name");
  CHECK(redactor.mask("task-" + kDigits20) == "task-" + kDigits20);
  CHECK(redactor.mask("AKIAABCDEFGH12345678") == "[secret token]");
  CHECK(redactor.mask("ghp_" + kDigits20 + kDigits20) == "[secret token]");
}

TEST_CASE("redact: what follows Bearer is masked, the word stays", "[telemetry]") {
  Redactor redactor;
  CHECK(redactor.mask("Authorization: Bearer abc.DEF-1234567890=\r\n") ==
        "Authorization: Bearer [secret token]\r\n");
  CHECK(redactor.mask("bEARER 1234567890123456") == "bEARER [secret token]");
  CHECK(redactor.mask("bearer 123456789012345") == "bearer 123456789012345");
  CHECK(redactor.mask("Bearer authentication-is-required") == "Bearer authentication-is-required");
  CHECK(redactor.mask("Bearer ") == "Bearer ");
  CHECK(redactor.mask("Bearer x") == "Bearer x");
  redactor.add(Secret("KEY", "hunter22"));
  CHECK(redactor.mask("Bearer hunter22") == "Bearer [secret KEY]");
}

TEST_CASE("redact: private keys are masked as a block, cut ones to the end", "[telemetry]") {
  const Redactor redactor;
  const std::string begin = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n";
  CHECK(redactor.mask("a " + begin + "-----END RSA PRIVATE KEY-----\nb") == "a [secret private key]\nb");
  CHECK(redactor.mask("a " + begin) == "a [secret private key]");
  CHECK(redactor.mask(begin + "-----END RSA") == "[secret private key]");
  CHECK(redactor.mask("\"-----BEGIN PRIVATE KEY-----\\nMII\\n-----END PRIVATE KEY-----\\n\"") ==
        "\"[secret private key]\\n\"");
}

TEST_CASE("redact: crafted text costs no more than its length", "[telemetry]") {
  // Each of these would take minutes if a failed match were looked for again and again.
  const Redactor redactor;
  for (const std::string part : std::initializer_list<const char*>{
           "sk-", "-----BEGIN ", "Bearer ", "bearer a", "-----BEGIN PRIVATE KEY-----"}) {
    std::string text;
    while (text.size() < (2u << 20)) text += part;
    CHECK(redactor.mask(text).size() <= text.size());
  }
}

TEST_CASE("redact: many Bearer words in a row do not nest", "[telemetry]") {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "bearer ";
  CHECK(Redactor().mask(text) == text);
}
