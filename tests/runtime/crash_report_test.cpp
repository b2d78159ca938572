// Reports of workers that died, as files in the state folder of a real host.
#include <csignal>
#include <fstream>
#include <iterator>

#include "runtime_world.hpp"

using namespace toolpost;

namespace {

struct CrashWorld : RuntimeWorld {
  CrashWorld() : RuntimeWorld({"tests/plugins/faulty.so"}) {}

  /// The text of the oldest report, once it has been written.
  std::string report() {
    while (files(".txt").empty() || text_of(files(".txt").front()).empty()) run_until_event("/crashes/");
    return text_of(files(".txt").front());
  }
  std::vector<std::string> files(const std::string& ending) const {
    std::vector<std::string> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "state" / "crashes", error))
      if (entry.path().extension() == ending) found.push_back(entry.path().string());
    std::sort(found.begin(), found.end());
    return found;
  }
  static std::string text_of(const std::string& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
};

}  // namespace

TEST_CASE("crash reports: a worker that dies while nobody waits for it leaves one", "[runtime]") {
  CrashWorld world;
  REQUIRE(world.call("join").code == Errc::ok);
  for (const int worker : children_of(world.spawner->pid()))
    kill(worker, SIGABRT);  // a sanitizer takes others for its own
  const std::string text = world.report();
  CHECK(text.find("crashed (signal 6") != std::string::npos);
  CHECK(text.find("method: \"none, no turn failed by it\"") != std::string::npos);
  CHECK(text.find("faulty.so\"") != std::string::npos);
  CHECK(world.files(".journal").empty());
}

TEST_CASE("crash reports: the journal beside one repeats the call, effects and all", "[runtime]") {
  CrashWorld world;
  REQUIRE(world.call("crash_after_effect").code == Errc::crashed);
  const std::string text = world.report();
  CHECK(text.find("last effect: \"sleep\"") != std::string::npos);
  const std::string file = world.files(".journal").at(0);
  CHECK(text.find("again: toolpost replay " + file) != std::string::npos);
  const auto recorded = parse_journal(CrashWorld::text_of(file));
  REQUIRE(recorded);
  CHECK(recorded->code == Errc::crashed);
  CHECK(recorded->entries.at(0).kind == "sleep");
  CHECK(recorded->entries.at(0).done);
}

TEST_CASE("crash reports: a plugin that diverges leaves its journal, though its worker lives", "[runtime]") {
  CrashWorld world;
  REQUIRE(world.call("divergent").code == Errc::nondeterministic);
  CHECK(world.report().find("method: \"divergent\"") != std::string::npos);
  CHECK(parse_journal(CrashWorld::text_of(world.files(".journal").at(0)))->code == Errc::nondeterministic);
}

TEST_CASE("crash reports: each has the last lines of its own worker, not of others of the plugin",
          "[runtime]") {
  CrashWorld world;
  world.start("says_and_spins", R"({"word": "the first"})", 1);
  world.start("says_and_spins", R"({"word": "the second"})", 2);
  world.settle();
  world.report();
  while (world.files(".txt").size() < 2 || CrashWorld::text_of(world.files(".txt").back()).empty())
    world.run_until_event("/crashes/");
  int first = 0, second = 0;
  for (const std::string& file : world.files(".txt")) {
    const std::string text = CrashWorld::text_of(file);
    CAPTURE(text);
    const bool has_first = text.find("the first") != std::string::npos;
    const bool has_second = text.find("the second") != std::string::npos;
    CHECK(has_first != has_second);
    first += has_first;
    second += has_second;
  }
  CHECK(first == 1);
  CHECK(second == 1);
}
