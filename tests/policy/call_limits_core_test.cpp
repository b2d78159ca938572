#include "policy/call_limits_core.hpp"

#include <limits>

#include "catch.hpp"

using namespace toolpost;

TEST_CASE("call limits: each counter admits exactly its maximum and names its setting beyond", "[policy]") {
  TurnSettings settings;
  settings.effects_max = 3;
  settings.turns_max = 2;
  settings.provider_calls_max = 1;
  CallLimitsCore limits(settings);
  for (int i = 0; i < 3; ++i) CHECK(limits.start_effect().has_value());
  const auto effect = limits.start_effect();
  REQUIRE_FALSE(effect.has_value());
  CHECK(effect.error().code == Errc::exhausted);
  CHECK(effect.error().message.find("turns.effects_max = 3 ") != std::string::npos);
  for (int i = 0; i < 2; ++i) CHECK(limits.start_turn().has_value());
  CHECK(limits.start_turn().error().message.find("turns.turns_max = 2 ") != std::string::npos);
  CHECK(limits.start_provider_call().has_value());
  CHECK(limits.start_provider_call().error().message.find("turns.provider_calls_max = 1 ") !=
        std::string::npos);
  CHECK(limits.usage() == CallUsage{3, 2, 1, 0});
}

TEST_CASE("call limits: the journal takes its last byte and no more, and a refusal takes none", "[policy]") {
  TurnSettings settings;
  settings.journal_bytes_max = 100;
  CallLimitsCore limits(settings);
  CHECK(limits.add_journal(60).has_value());
  const auto refused = limits.add_journal(41);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("turns.journal_bytes_max = 100 bytes: 60 are used and 41 more") !=
        std::string::npos);
  CHECK(limits.add_journal(40).has_value());
  CHECK_FALSE(limits.add_journal(1).has_value());
  CHECK_FALSE(limits.add_journal(std::numeric_limits<std::uint64_t>::max()).has_value());
  limits.cut_journal(30);
  CHECK(limits.add_journal(30).has_value());
  limits.cut_journal(1'000);
  CHECK(limits.usage().journal_bytes == 0);
}

TEST_CASE("call limits: zero provider calls allows none, and a resumed call goes on counting", "[policy]") {
  TurnSettings settings;
  settings.provider_calls_max = 0;
  settings.turns_max = 5;
  CallLimitsCore limits(settings, CallUsage{0, 4, 0, settings.journal_bytes_max + 1});
  CHECK_FALSE(limits.start_provider_call().has_value());
  CHECK(limits.start_turn().has_value());
  CHECK_FALSE(limits.start_turn().has_value());
  CHECK_FALSE(limits.add_journal(0).has_value());
}
