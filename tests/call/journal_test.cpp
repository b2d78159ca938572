#include "call/journal.hpp"

#include "call/journal_file.hpp"
#include "catch.hpp"

using namespace toolpost;

namespace {

JournalHeader header() {
  JournalHeader made;
  made.plugin = "test.one";
  made.method = "run";
  made.request = "{}";
  made.accepted_ms = 1000;
  made.deadline_ms = 5000;
  return made;
}
StartedEffect effect(const std::string& request = "{}") {
  return {"sleep", request, *effect_digest("sleep", request), 0};
}

}  // namespace

TEST_CASE("journal: turns, effects and bytes are bounded, and each refusal names its setting", "[call]") {
  Journal journal(header(), {2, 2, 100});
  CHECK(journal.begin_turn());
  CHECK(journal.begin_turn());
  CHECK(journal.begin_turn().error().message.find("turns.turns_max = 2") != std::string::npos);
  CHECK(journal.append({effect(), effect()}, 0));
  CHECK(journal.append({effect()}, 0).error().message.find("turns.effects_max = 2") != std::string::npos);
  Journal small(header(), {10, 10, 100});
  CHECK(small.append({effect(std::string(200, ' ') + "{}")}, 0)
            .error()
            .message.find("turns.journal_bytes_max") != std::string::npos);
  REQUIRE(journal.settle(0, Errc::ok, std::string(500, 'x'), 2000));
  CHECK(journal.entries()[0].code == Errc::exhausted);
}

TEST_CASE("journal: an effect is settled once, and what a turn waits for must exist", "[call]") {
  Journal journal(header(), {});
  CHECK(journal.append({}, 0).error().code == Errc::protocol);
  REQUIRE(journal.append({effect()}, 0));
  CHECK(journal.settle(0, Errc::ok, "{}", 1500));
  CHECK_FALSE(journal.settle(0, Errc::ok, "other", 1600));
  CHECK_FALSE(journal.settle(7, Errc::ok, "{}", 1600));
  CHECK(journal.entries()[0].result == "{}");
}

TEST_CASE("journal: time inside a call never runs backwards", "[call]") {
  Journal journal(header(), {});
  REQUIRE(journal.append({effect()}, 0));
  REQUIRE(journal.settle(0, Errc::ok, "{}", 5));
  CHECK(journal.entries()[0].done_at_ms == 1000);
}

TEST_CASE("journal file: what was recorded is read back, and a broken line is named", "[call]") {
  Journal journal(header(), {});
  REQUIRE(journal.append({effect(R"({"ms":7})")}, 0));
  REQUIRE(journal.settle(0, Errc::unavailable, "gone \"away\"\n", 1700));
  const std::string text =
      journal_text({journal.header(), journal.entries(), Errc::conflict, "why", {{"text/plain", "x"}}});
  const auto read = parse_journal(text);
  REQUIRE(read);
  CHECK(read->header.accepted_ms == 1000);
  CHECK(read->entries.at(0).result == "gone \"away\"\n");
  CHECK(read->entries.at(0).code == Errc::unavailable);
  CHECK(read->code == Errc::conflict);
  CHECK(read->parts.at(0).bytes == "x");
  CHECK(parse_journal(text + "{broken\n").error().message.find("line 4") != std::string::npos);
  CHECK_FALSE(parse_journal(""));
}

TEST_CASE("journal file: one that was cut off, goes on or holds numbers out of range is refused", "[call]") {
  const std::string text = journal_text({header(), {}, Errc::ok, "", {{"text/plain", "x"}}});
  const std::size_t first = text.find('\n') + 1;
  CHECK(parse_journal(text.substr(0, first)).error().message.find("cut off") != std::string::npos);
  CHECK(parse_journal(text + text.substr(first)).error().message.find("last line") != std::string::npos);
  for (const char* seed : {"-1", "1.5", "1e300", "\"0\""}) {
    std::string other = text;
    other.replace(other.find("\"seed\":0"), 8, std::string("\"seed\":") + seed);
    CAPTURE(seed);
    CHECK(parse_journal(other).error().message.find("seed is no whole number") != std::string::npos);
  }
}

TEST_CASE("journal file: a refusal does not repeat what the line holds", "[call]") {
  const auto read = parse_journal("{\"\x1b[31m\xff" + std::string(10'000, 'x'));
  REQUIRE_FALSE(read);
  CHECK(read.error().message == "journal line 1 is not of a recorded call: not JSON");
}
