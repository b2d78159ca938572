#include "effect/file/file_effects.hpp"

#include <nlohmann/json.hpp>
#include <thread>

#include "catch.hpp"
#include "file_world.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

struct Effects {
  explicit Effects(const FileWorld& world_) : world(world_), roots(world.roots()) {
    budget.files_left = world.settings.files_max;
    budget.bytes_left = static_cast<std::int64_t>(world.settings.total_bytes_max);
  }
  Result<std::string> run(const char* kind, const json& request) {
    return run_file_effect(roots, world.settings, kind, request.dump(), budget);
  }
  json read(const json& request) {
    auto answer = run("file.read", request);
    if (!answer) FAIL(answer.error().message);
    return json::parse(*answer);
  }
  Error refused(const char* kind, const json& request) {
    auto answer = run(kind, request);
    if (answer) FAIL(*answer);
    return answer.error();
  }
  const FileWorld& world;
  FileRoots roots;
  FileBudget budget;
};

}  // namespace

TEST_CASE("file.read: text comes with its size and time", "[file]") {
  const FileWorld world;
  Effects effects(world);
  const json answer = effects.read({{"path", "src/b.cpp"}});
  CHECK(answer["path"] == "src/b.cpp");
  CHECK(answer["text"] == "inside b");
  CHECK(answer["bytes"] == 8);
  CHECK(answer["mtime_ms"] > 1'000'000'000'000);
  CHECK(answer["truncated"] == false);
  CHECK_FALSE(answer.contains("next_offset"));
  world.write("allowed/empty", "");
  CHECK(effects.read({{"path", "empty"}})["text"] == "");
}

TEST_CASE("file.read: a limit cuts between characters and the parts make the whole", "[file]") {
  const FileWorld world;
  const std::string whole = "ab\xe2\x82\xac\xc3\xa9\xf0\x9f\x98\x80 end \xe2\x82\xac";
  world.write("allowed/euro", whole);
  for (std::uint64_t limit = 4; limit <= whole.size() + 1; ++limit) {
    Effects effects(world);
    std::string read;
    json answer = {{"next_offset", 0}};
    while (answer.contains("next_offset")) {
      answer = effects.read({{"path", "euro"}, {"limit", limit}, {"offset", answer["next_offset"]}});
      REQUIRE(answer.contains("text"));
      read += answer["text"].get<std::string>();
    }
    CHECK(read == whole);
    CHECK(effects.budget.bytes_left ==
          static_cast<std::int64_t>(world.settings.total_bytes_max - whole.size()));
  }
}

TEST_CASE("file.read: other content is named binary and given only when asked for", "[file]") {
  const FileWorld world;
  const std::pair<std::string, std::string> cases[] = {
      {std::string("a\0b", 3), "YQBi"}, {"\xff\xfe", "//4="}, {"cut \xe2\x82", "Y3V0IOKC"}, {"\x80", "gA=="}};
  for (const auto& [bytes, encoded] : cases) {
    Effects effects(world);
    world.write("allowed/data", bytes);
    const json plain = effects.read({{"path", "data"}});
    CHECK(plain["binary"] == true);
    CHECK(plain["bytes"] == bytes.size());
    CHECK_FALSE(plain.contains("text"));
    CHECK_FALSE(plain.contains("base64"));
    CHECK(effects.budget.bytes_left == static_cast<std::int64_t>(world.settings.total_bytes_max));
    CHECK(effects.read({{"path", "data"}, {"binary", true}})["base64"] == encoded);
  }
}

TEST_CASE("file.read: an offset at the end reads nothing, one past it is an error", "[file]") {
  const FileWorld world;
  Effects effects(world);
  CHECK(effects.read({{"path", "a.txt"}, {"offset", 6}})["text"] == "");
  CHECK(effects.read({{"path", "a.txt"}, {"offset", 2}})["text"] == "side");
  CHECK(effects.refused("file.read", {{"path", "a.txt"}, {"offset", 7}}).code == Errc::invalid_input);
}

TEST_CASE("file.read: as many files as files_max and no more; failures cost nothing", "[file]") {
  FileWorld world;
  world.settings.files_max = 2;
  Effects effects(world);
  CHECK_FALSE(effects.run("file.read", {{"path", "absent"}}));
  CHECK(effects.run("file.read", {{"path", "a.txt"}}));
  CHECK_FALSE(effects.run("file.read", {{"path", ".env"}}));
  CHECK(effects.run("file.read", {{"path", "a.txt"}}));
  const Error error = effects.refused("file.read", {{"path", "a.txt"}});
  CHECK(error.code == Errc::exhausted);
  CHECK(error.message.find("files.files_max = 2") != std::string::npos);
  CHECK(error.message.find("\"a.txt\"") != std::string::npos);
}

TEST_CASE("file.read: exactly total_bytes_max fits and one byte more does not", "[file]") {
  FileWorld world;
  world.settings.total_bytes_max = 14;
  Effects effects(world);
  CHECK(effects.run("file.read", {{"path", "a.txt"}}));      // 6
  CHECK(effects.run("file.read", {{"path", "src/b.cpp"}}));  // 8
  const Error error = effects.refused("file.read", {{"path", "a.txt"}});
  CHECK(error.code == Errc::exhausted);
  CHECK(error.message.find("files.total_bytes_max = 14") != std::string::npos);
  world.settings.total_bytes_max = 13;
  Effects less(world);
  CHECK(less.run("file.read", {{"path", "a.txt"}}));
  CHECK_FALSE(less.run("file.read", {{"path", "src/b.cpp"}}));
  CHECK(less.run("file.read", {{"path", "src/b.cpp"}, {"limit", 7}}));
}

TEST_CASE("file.list: answers paths, types and sizes", "[file]") {
  const FileWorld world;
  Effects effects(world);
  const json answer = json::parse(*effects.run("file.list", {{"path", "src"}, {"depth", 2}}));
  CHECK(
      answer["entries"] ==
      json::parse(R"([{"path":"src/b.cpp","type":"file","bytes":8},{"path":"src/deep","type":"dir","bytes":0},
                                             {"path":"src/deep/c.cpp","type":"file","bytes":8}])"));
  CHECK(answer["truncated"] == false);
  CHECK(json::parse(*effects.run("file.list", json::object()))["entries"].size() == 2);
  CHECK(json::parse(*effects.run("file.list", {{"limit", 1}}))["truncated"] == true);
  CHECK(json::parse(*effects.run("file.list", {{"depth", 8}, {"suffixes", {".txt"}}}))["entries"].size() ==
        1);
}

TEST_CASE("file.list: its answer counts against total_bytes_max", "[file]") {
  FileWorld world;
  const std::size_t size = Effects(world).run("file.list", json::object())->size();
  world.settings.total_bytes_max = size;
  CHECK(Effects(world).run("file.list", json::object()));
  world.settings.total_bytes_max = size - 1;
  CHECK(Effects(world).refused("file.list", json::object()).message.find("files.total_bytes_max") !=
        std::string::npos);
}

TEST_CASE("file effects: a bad request is refused in words", "[file]") {
  const FileWorld world;
  Effects effects(world);
  const json reads[] = {json::array(),
                        json::object(),
                        {{"path", 1}},
                        {{"path", "a.txt"}, {"ofset", 1}},
                        {{"path", "a.txt"}, {"offset", -1}},
                        {{"path", "a.txt"}, {"offset", 1.5}},
                        {{"path", "a.txt"}, {"limit", 3}},
                        {{"path", "a.txt"}, {"binary", 1}},
                        {{"path", "a.txt"}, {"offset", 18446744073709551615ull}},
                        {{"path", std::string("a.txt\0x", 7)}},
                        {{"path", std::string(70'000, 'x')}}};
  for (const json& request : reads) CHECK(effects.refused("file.read", request).code == Errc::invalid_input);
  const json lists[] = {{{"depth", 0}},      {{"depth", 9}},      {{"limit", 0}},     {{"limit", 2001}},
                        {{"suffixes", "x"}}, {{"suffixes", {1}}}, {{"path", nullptr}}};
  for (const json& request : lists) CHECK(effects.refused("file.list", request).code == Errc::invalid_input);
  CHECK(effects.refused("file.read", {{"path", "a.txt"}, {"ofset", 1}}).message.find("\"offset\"") !=
        std::string::npos);
  CHECK(run_file_effect(effects.roots, world.settings, "file.read", "{\"path\":", effects.budget)
            .error()
            .code == Errc::invalid_input);
  CHECK(run_file_effect(effects.roots, world.settings, "file.read", "{\"path\":\"\xff\"}", effects.budget)
            .error()
            .code == Errc::invalid_input);
  CHECK(effects.refused("file.write", {{"path", "a.txt"}}).code == Errc::unsupported);
  CHECK(effects.run("file.list", {{"depth", 8}, {"limit", 2000}}));
  CHECK(effects.budget.files_left == static_cast<std::int64_t>(world.settings.files_max));
}

TEST_CASE("file effects: threads with one budget never spend more than it holds", "[file]") {
  FileWorld world;
  world.settings.files_max = 50;
  Effects effects(world);
  std::atomic<int> read{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 40; ++n) read += effects.run("file.read", {{"path", "a.txt"}}) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(read == 50);
  CHECK(effects.budget.files_left == 0);
  CHECK(effects.budget.bytes_left == static_cast<std::int64_t>(world.settings.total_bytes_max) - 300);
}
