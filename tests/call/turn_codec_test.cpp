#include "call/turn_codec.hpp"

#include "base/random.hpp"
#include "catch.hpp"

using namespace toolpost;

TEST_CASE("turn codec: input and output come back as they were", "[call]") {
  TurnInput input;
  input.seed = 7;
  input.accepted_ms = 11;
  input.method = "run";
  input.request = R"({"a":1})";
  input.effects.push_back({"digest", true, Errc::unavailable, 12, "why"});
  std::string bytes;
  encode(input, bytes);
  const auto read = decode_turn_input(bytes);
  REQUIRE(read);
  CHECK(read->request == input.request);
  CHECK(read->effects.at(0).result == "why");

  TurnOutput output;
  output.end = TurnEnd::suspended;
  output.waiting_for = 3;
  output.started.push_back({"http", "{}", "digest", 9});
  output.log_lines.push_back({1, "line"});
  output.parts.push_back({"text/plain", "x"});
  bytes.clear();
  encode(output, bytes);
  const auto back = decode_turn_output(bytes);
  REQUIRE(back);
  CHECK(back->waiting_for == 3);
  CHECK(back->started.at(0).kind == "http");
  CHECK(back->log_lines.at(0).text == "line");
}

TEST_CASE("turn codec: every cut and every flipped byte is refused or harmless", "[call][fuzz]") {
  TurnOutput output;
  output.started.push_back({"http", "{}", "digest", 9});
  output.parts.push_back({"text/plain", std::string(100, 'x')});
  std::string bytes;
  encode(output, bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decode_turn_output(std::string_view(bytes).substr(0, size)));
  SeededRandom random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string broken = bytes;
    broken[random.below(broken.size())] = static_cast<char>(random.next());
    (void)decode_turn_output(broken);
    (void)decode_turn_input(broken);
  }
}

TEST_CASE("turn codec: codes that only the host makes are refused from a worker", "[call]") {
  TurnOutput output;
  output.code = Errc::crashed;
  std::string bytes;
  encode(output, bytes);
  CHECK_FALSE(decode_turn_output(bytes));
}

TEST_CASE("turn codec: an effect that is neither done nor open, or has no known code, is refused", "[call]") {
  TurnInput input;
  input.effects.push_back({"", true, Errc::invalid_config, 1, ""});
  std::string bytes;
  encode(input, bytes);
  REQUIRE(decode_turn_input(bytes));
  const std::size_t done = bytes.size() - 14;  // done, code, time, size of the empty result
  for (const auto& [at, value] : {std::pair{done, 2}, std::pair{done + 1, 200}}) {
    std::string broken = bytes;
    broken[at] = static_cast<char>(value);
    CHECK_FALSE(decode_turn_input(broken));
  }
}

TEST_CASE("effect digest: the same request in another order is the same effect, another kind is not",
          "[call]") {
  CHECK(*effect_digest("http", R"({"a":1,"b":2})") == *effect_digest("http", R"({ "b":2, "a":1 })"));
  CHECK(*effect_digest("http", "{}") != *effect_digest("sleep", "{}"));
  CHECK_FALSE(effect_digest("http", "nonsense"));
}
