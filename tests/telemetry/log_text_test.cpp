#include "telemetry/log_text.hpp"

#include <cmath>

#include "catch.hpp"

using namespace toolpost;

namespace {
std::string text(const LogValue& value) {
  std::string out;
  append_text_field(out, "k", value.value());
  return out;
}
std::string json(const LogValue& value) {
  std::string out;
  append_json_field(out, "k", value.value());
  return out;
}
}  // namespace

TEST_CASE("log text: plain words stay bare, everything else is quoted", "[telemetry]") {
  CHECK(text("echo") == " k=echo");
  CHECK(text("") == " k=\"\"");
  CHECK(text("two words") == " k=\"two words\"");
  CHECK(text("a=b") == " k=\"a=b\"");
  CHECK(text("say \"hi\" \\") == " k=\"say \\\"hi\\\" \\\\\"");
  CHECK(json("echo") == ",\"k\":\"echo\"");
}

TEST_CASE("log text: nothing can forge a line or steer a terminal", "[telemetry]") {
  CHECK(text("a\nlevel=error") == " k=\"a\\nlevel=error\"");
  CHECK(text("\x1b[31m") == " k=\"\\u001b[31m\"");
  CHECK(text("a\x7f") == " k=\"a\\u007f\"");
  CHECK(text("\xC2\x9B") == " k=\"\\u009b\"");
  CHECK(text("\xE2\x80\xAE") == " k=\"\\u202e\"");
  CHECK(text("\xE2\x80\xA8") == " k=\"\\u2028\"");
  CHECK(text("\xEF\xBB\xBF") == " k=\"\\ufeff\"");
  CHECK(text("h\xC3\xA9llo \xF0\x9F\x99\x82") == " k=\"h\xC3\xA9llo \xF0\x9F\x99\x82\"");
}

TEST_CASE("log text: bytes that are not UTF-8 are replaced", "[telemetry]") {
  CHECK(json("\xff") == ",\"k\":\"\\ufffd\"");
  CHECK(json("\xC3") == ",\"k\":\"\\ufffd\"");
  CHECK(json("\xC0\xAF") == ",\"k\":\"\\ufffd\\ufffd\"");
  CHECK(json("\xED\xA0\x80") == ",\"k\":\"\\ufffd\\ufffd\\ufffd\"");
  CHECK(json("\xF4\x90\x80\x80") == ",\"k\":\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
  CHECK(json("\xF4\x8F\xBF\xBF") == ",\"k\":\"\xF4\x8F\xBF\xBF\"");
}

TEST_CASE("log text: numbers, flags and durations", "[telemetry]") {
  CHECK(text(-3) == " k=-3");
  CHECK(text(std::uint64_t{18446744073709551615u}) == " k=18446744073709551615");
  CHECK(text(true) == " k=true");
  CHECK(text(0.5) == " k=0.5");
  CHECK(text(std::chrono::milliseconds(1500)) == " k=1500");
  CHECK(json(std::nan("")) == ",\"k\":null");
  CHECK(json(false) == ",\"k\":false");
}

TEST_CASE("log text: long values are cut between characters", "[telemetry]") {
  std::string out;
  append_quoted(out, "abcd", 4);
  CHECK(out == "\"abcd\"");
  out.clear();
  append_quoted(out, "abc\xC3\xA9z", 4);
  CHECK(out == "\"abc\xC3\xA9...\"");
}
