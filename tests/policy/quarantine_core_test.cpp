#include "policy/quarantine_core.hpp"

#include "catch.hpp"

using namespace toolpost;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t start = 1'000'000'000;

CrashRecord crash(const std::string& input, std::int64_t at = start, const std::string& owner = "one") {
  return {"hash", owner, input, at, 1};
}

std::optional<Error> ask(const QuarantineCore& core, const std::string& input, std::int64_t at = start,
                         const std::string& owner = "one") {
  return core.refusal("dev.example", "hash", owner, input, at);
}

bool says(const std::optional<Error>& error, const std::string& words) {
  return error && error->code == Errc::quarantined && error->message.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("quarantine: an input that crashed repeats_max times is refused to its owner, one less is not",
          "[policy][quarantine]") {
  QuarantineCore core(QuarantineSettings{});
  core.note(crash("a"));
  CHECK_FALSE(ask(core, "a"));
  core.note(crash("a", start + 1000));
  CHECK(says(ask(core, "a", start + 2000),
             "crashed on this very input quarantine.repeats_max = 2 times; it is not run on it for another "
             "299000 ms"));
  CHECK(ask(core, "a", start + 2000)->retry_after == 299s);
  CHECK_FALSE(ask(core, "b", start + 2000));
  CHECK_FALSE(ask(core, "a", start + 2000, "another"));
  CHECK_FALSE(core.refusal("dev.example", "another file", "one", "a", start));
}

TEST_CASE("quarantine: an input may be tried again after window_ms", "[policy][quarantine]") {
  QuarantineCore core(QuarantineSettings{});
  core.note(crash("a"));
  core.note(crash("a"));
  core.note(crash("b"));
  CHECK(ask(core, "a", start + 299'999));
  CHECK(core.refused_inputs("hash", start + 299'999) == 1);
  CHECK(core.refused_inputs("hash", start + 300'000) == 0);
  CHECK(core.refused_inputs("another file", start) == 0);
  CHECK_FALSE(ask(core, "a", start + 300'000));
}

TEST_CASE("quarantine: inputs_max different inputs within window_ms quarantine the file for good",
          "[policy][quarantine]") {
  QuarantineCore core(QuarantineSettings{});
  CHECK(core.note(crash("a")).size() == 1);
  CHECK(core.note(crash("a")).size() == 1);  // the same one
  CHECK(core.note(crash("b", start + 1, "another")).size() == 1);
  CHECK_FALSE(core.file_refusal("dev.example", "hash"));
  const auto told = core.note(crash("c", start + 2));
  REQUIRE(told.size() == 2);
  CHECK(told[1].input.empty());
  CHECK(
      says(ask(core, "never seen", start + 1'000'000'000),
           "plugin dev.example is quarantined: quarantine.inputs_max = 3 different inputs crashed it within "
           "quarantine.window_ms = 300000; replace its file, or let it run again with: toolpost plugins "
           "--release dev.example"));
  CHECK_FALSE(core.file_refusal("dev.example", "new file"));
}

TEST_CASE("quarantine: crashes further apart than window_ms do not add up", "[policy][quarantine]") {
  QuarantineCore core(QuarantineSettings{});
  core.note(crash("a"));
  core.note(crash("b", start + 200'000));
  CHECK(core.note(crash("c", start + 300'001)).size() == 1);
  CHECK_FALSE(core.file_refusal("dev.example", "hash"));
}

TEST_CASE("quarantine: a host learns from the others, and forgets what was released",
          "[policy][quarantine]") {
  QuarantineCore core(QuarantineSettings{});
  core.learn({crash("a"), {"hash", "", "", start, 1}});
  CHECK(core.file_refusal("dev.example", "hash"));
  core.learn({{"hash", "one", "a", start, 2}});
  CHECK_FALSE(core.file_refusal("dev.example", "hash"));
  CHECK(ask(core, "a"));
  core.merge({crash("a"), crash("b")});  // older news of the same, and of another
  CHECK(ask(core, "a"));
  CHECK_FALSE(ask(core, "b"));
  core.merge({{"hash", "one", "b", start, 2}});
  CHECK(ask(core, "b"));
  core.learn({});
  CHECK_FALSE(core.knows("hash"));
  CHECK_FALSE(ask(core, "a"));
}

TEST_CASE("quarantine: with quarantine.enabled = false nothing is refused", "[policy][quarantine]") {
  QuarantineSettings settings;
  settings.enabled = false;
  QuarantineCore core(settings);
  for (const char* input : {"a", "a", "b", "c"}) CHECK(core.note(crash(input)).empty());
  core.learn({{"hash", "", "", start, 1}});
  CHECK_FALSE(ask(core, "a"));
}

TEST_CASE("quarantine: of a file's inputs the newest are remembered", "[policy][quarantine]") {
  QuarantineSettings settings;
  settings.inputs_max = 256;
  settings.repeats_max = 1;
  QuarantineCore core(settings);
  std::vector<CrashRecord> many;
  for (std::size_t i = 0; i <= QuarantineCore::kInputsMax; ++i) many.push_back(crash(std::to_string(i)));
  core.learn(many);
  CHECK_FALSE(ask(core, "0"));
  CHECK(ask(core, "1"));
  CHECK(ask(core, std::to_string(QuarantineCore::kInputsMax)));
}
