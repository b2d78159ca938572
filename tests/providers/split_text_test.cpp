#include <toolpost/provider/reply.hpp>
#include <toolpost/provider/split_text.hpp>

#include "catch.hpp"

using namespace toolpost::provider;

namespace {

std::string joined(std::initializer_list<std::string> events) {
  std::string text;
  for (const std::string& event : events) text += parse_event(event).at("t").get<std::string>();
  return mend(text);
}

}  // namespace

TEST_CASE("split text: a character cut between its bytes is whole again", "[providers]") {
  const std::string full = "na\xc3\xafve \xe4\xbd\xa0\xe5\xa5\xbd \xf0\x9f\x98\x80!";
  for (std::size_t cut = 1; cut < full.size(); ++cut) {
    CAPTURE(cut);
    CHECK(joined({"{\"t\":\"" + full.substr(0, cut) + "\"}", "{\"t\":\"" + full.substr(cut) + "\"}"}) ==
          full);
  }
}

TEST_CASE("split text: the two halves of an escaped pair may come in two events", "[providers]") {
  CHECK(joined({R"({"t":"a\ud83d"})", R"({"t":"\ude00b"})"}) ==
        "a\xf0\x9f\x98\x80"
        "b");
  CHECK(joined({R"({"t":"\uD83D\uDE00"})"}) == "\xf0\x9f\x98\x80");
}

TEST_CASE("split text: a half that stays alone becomes one U+FFFD", "[providers]") {
  const std::string lost = "\xef\xbf\xbd";
  CHECK(joined({R"({"t":"a\ud83d"})", R"({"t":"b"})"}) == "a" + lost + "b");
  CHECK(joined({R"({"t":"\ude00"})"}) == lost);
  CHECK(joined({"{\"t\":\"a\xe4\xbd\"}"}) == "a" + lost + lost);
  CHECK(joined({"{\"t\":\"\xff\"}"}) == lost);
  CHECK(joined({"{\"t\":\"\xed\xa0\x80\"}"}) == lost + lost + lost);  // a surrogate written as bytes
}

TEST_CASE("split text: whole text is left as it is, backslashes and the last plane included", "[providers]") {
  CHECK(joined({R"({"t":"\\ud83d \"x\" \n"})"}) == "\\ud83d \"x\" \n");
  const std::string last = "\xf4\x8f\xbf\xbd";  // U+10FFFD
  CHECK(joined({"{\"t\":\"" + last + "\"}"}) == last);
  CHECK(mend("plain") == "plain");
}

TEST_CASE("split text: what is no JSON stays none", "[providers]") {
  CHECK(parse_event("{\"t\":").is_discarded());
  CHECK(parse_event("\xe4\xbd").is_discarded());
  CHECK(parse_event("{\"t\":\"\\").is_discarded());
}

TEST_CASE("citation: what it quotes ends with a whole character", "[providers]") {
  Reply reply;
  std::string quoted = "a";
  while (quoted.size() < 2 * kCitedBytesMax) quoted += "é";
  reply.cite("https://a.example", "A", quoted);
  const std::string cited = reply.citations.at(0)["text"];
  CHECK(cited.size() == kCitedBytesMax - 1);
  CHECK_NOTHROW(reply.citations.dump());  // it is UTF-8
  reply.cite("https://b.example", "B", "short");
  CHECK(reply.citations.at(1)["text"] == "short");
}
