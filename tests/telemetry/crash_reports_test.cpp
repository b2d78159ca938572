#include "telemetry/crash_reports.hpp"

#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "catch.hpp"
#include "scratch_folder.hpp"

using namespace toolpost;

namespace {

const CrashFacts kFacts{"org.example.bad",
                        "1.2.3",
                        "/plugins/bad.so",
                        "abc123",
                        "plugin org.example.bad crashed (signal 11 (Segmentation fault))",
                        CrashFacts::Moment::turn,
                        "review",
                        "file.read",
                        3,
                        1'767'225'600'000,
                        {}};

std::size_t files_in(const std::string& folder) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

}  // namespace

TEST_CASE("crash reports: a report says what ran, how it ended and what it said last", "[telemetry]") {
  CrashFacts facts = kFacts;
  facts.last_lines = {"reading \x1b[31m a file"};
  const std::string text = crash_report_text(facts, Redactor());
  for (const char* line :
       {"plugin: \"org.example.bad 1.2.3\"\n", "file: \"/plugins/bad.so\"\n", "sha256: \"abc123\"\n",
        "how: \"plugin org.example.bad crashed (signal 11 (Segmentation fault))\"\n", "method: \"review\"\n",
        "last effect: \"file.read\"\n", "turns: \"3\"\n",
        "last lines:\n  \"reading \\u001b[31m a file\"\n"}) {
    CAPTURE(line);
    CHECK(text.find(line) != std::string::npos);
  }
  CHECK(crash_report_text(kFacts, Redactor()).ends_with("last lines:\n  none\n"));
}

TEST_CASE("crash reports: secrets are masked in them", "[telemetry]") {
  Redactor redactor;
  redactor.add(Secret("KEY", "CANARY-secret"));
  CrashFacts facts = kFacts;
  facts.last_lines = {"got CANARY-secret"};
  CHECK(crash_report_text(facts, redactor).find("CANARY") == std::string::npos);
}

TEST_CASE("crash reports: files are private, and twenty of them are kept", "[telemetry]") {
  const ScratchFolder scratch;
  const std::string folder = scratch / "crashes";
  std::string first, last;
  for (std::size_t i = 0; i < kCrashReportsMax; ++i)
    last = write_crash_report(folder, "../x", 1000 + static_cast<std::int64_t>(i), {"text", ""}).value();
  first = folder + "/00000000001000-0-.._x.txt";
  CHECK(std::filesystem::exists(first));
  struct stat status{};
  REQUIRE(::stat(last.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(files_in(folder) == kCrashReportsMax);
  // One more in the same millisecond as the last.
  CHECK(write_crash_report(folder, "../x", 1000 + kCrashReportsMax - 1, {"text", ""}).value() != last);
  CHECK(files_in(folder) == kCrashReportsMax);
  CHECK_FALSE(std::filesystem::exists(first));
}

TEST_CASE("crash reports: the journal lies beside the text, which says how to repeat the call",
          "[telemetry]") {
  const ScratchFolder scratch;
  const std::string folder = scratch / "crashes";
  const std::string path = write_crash_report(folder, "p", 1000, {"text\n", "a journal"}).value();
  const std::string journal = folder + "/00000000001000-0-p.journal";
  std::ifstream text(path), lines(journal);
  CHECK(std::string(std::istreambuf_iterator<char>(text), {}) ==
        "text\nagain: toolpost replay " + journal + "\n");
  CHECK(std::string(std::istreambuf_iterator<char>(lines), {}) == "a journal");
  struct stat status{};
  REQUIRE(::stat(journal.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  for (std::size_t i = 1; i <= kCrashReportsMax; ++i)
    CHECK(write_crash_report(folder, "p", 1000 + static_cast<std::int64_t>(i), {"text", ""}));
  CHECK_FALSE(std::filesystem::exists(journal));  // it goes with its text
  CHECK(files_in(folder) == kCrashReportsMax);
}

TEST_CASE("crash reports: of a worker that ran no turn it says so", "[telemetry]") {
  CrashFacts facts = kFacts;
  facts.moment = CrashFacts::Moment::loading;
  CHECK(crash_report_text(facts, Redactor()).find("method: \"none, it was being loaded\"") !=
        std::string::npos);
  facts.moment = CrashFacts::Moment::no_turn;
  CHECK(crash_report_text(facts, Redactor()).find("method: \"none, no turn failed by it\"") !=
        std::string::npos);
}

TEST_CASE("crash reports: a folder that cannot be made is said, not thrown", "[telemetry]") {
  const ScratchFolder scratch;
  CHECK(write_crash_report(scratch / "no/such", "p", 1, {"text", ""}).error().code == Errc::unavailable);
}
