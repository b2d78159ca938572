#include "call/journal_file.hpp"
#include "runtime_world.hpp"

using namespace toolpost;

TEST_CASE("replay: a recorded call repeats exactly, without its effects being performed",
          "[runtime][replay]") {
  RecordedCall recorded{JournalHeader{}, {}, Errc::ok, "", {}};
  {
    RuntimeWorld world({"tests/plugins/faulty.so"});
    const CallOutcome& outcome = world.call("sleeps", R"({"ms":20})");
    REQUIRE(outcome.code == Errc::ok);
    recorded = {world.journals.at("sleeps").header(), world.journals.at("sleeps").entries(), outcome.code, "",
                outcome.parts};
  }
  const auto parsed = parse_journal(journal_text(recorded));
  REQUIRE(parsed);
  RuntimeWorld world({"tests/plugins/faulty.so"});
  std::optional<CallOutcome> replayed;
  const auto started = world.runtime->replay(*parsed, [&](CallOutcome outcome, const Journal*) {
    replayed = std::move(outcome);
    world.loop.stop();
  });
  REQUIRE(started);
  world.loop.run();
  REQUIRE(replayed);
  CHECK(replayed->code == Errc::ok);
  CHECK(replayed->turns == 1);
  CHECK(replayed->parts.at(0).bytes == recorded.parts.at(0).bytes);
}

TEST_CASE("replay: a recording that ends early fails instead of doing the rest", "[runtime][replay]") {
  RuntimeWorld world({"tests/plugins/faulty.so"});
  REQUIRE(world.call("sleeps", R"({"ms":1})").code == Errc::ok);
  JournalHeader header = world.journals.at("sleeps").header();
  std::optional<CallOutcome> replayed;
  const RecordedCall empty{header, {}, Errc::ok, "", {}};
  const auto started = world.runtime->replay(empty, [&](CallOutcome outcome, const Journal*) {
    replayed = std::move(outcome);
    world.loop.stop();
  });
  REQUIRE(started);
  world.loop.run();
  REQUIRE(replayed);
  CHECK(replayed->code == Errc::unsupported);
}
