#include "model/model_catalog.hpp"

#include <filesystem>
#include <fstream>

#include "catch.hpp"

using namespace toolpost;

namespace {

std::string problem_of(const std::string& toml) {
  ModelCatalog catalog;
  const auto added = catalog.add(toml, "x.toml");
  return added ? "" : added.error().message;
}

const std::string kHead = "schema = 1\nplugin = \"glm\"\ncurrency = \"USD\"\n";

}  // namespace

TEST_CASE("model catalogue: facts are found by name and alias, per plugin", "[model]") {
  ModelCatalog catalog;
  REQUIRE(catalog.add(kHead + R"(
[[model]]
name = "glm-4.6"
aliases = ["big"]
context_tokens = 200_000
output_tokens_max = 8_192
thinking_tokens_max = 4_000
abilities = ["tools", "thinking"]
speed = "quality"
languages = ["zh"]
temperature = { min = 0.1, max = 1.0 }
price = { input = 0.6, output = 2.2 }
)",
                      "glm.toml"));
  const ModelFacts* facts = catalog.find("glm", "big");
  REQUIRE(facts != nullptr);
  CHECK(facts == catalog.find("glm", "glm-4.6"));
  CHECK(catalog.find("kimi", "big") == nullptr);
  CHECK(facts->context_tokens == 200'000);
  CHECK(facts->thinking_tokens_max == 4'000);
  CHECK(facts->abilities == std::set<std::string>{"thinking", "tools"});
  CHECK(facts->temperature.min == 0.1);
  CHECK(facts->price->cached_input == 0.6);
  CHECK(facts->currency == "USD");
  CHECK(catalog.names("glm") == std::vector<std::string>{"glm-4.6", "big"});
}

TEST_CASE("model catalogue: a later file replaces a model and its aliases", "[model]") {
  ModelCatalog catalog;
  REQUIRE(catalog.add(kHead + "[[model]]\nname = \"a\"\naliases = [\"old\"]\nspeed = \"fast\"\n", "1"));
  REQUIRE(catalog.add(kHead + "[[model]]\nname = \"a\"\naliases = [\"new\"]\n", "2"));
  CHECK(catalog.size() == 1);
  CHECK(catalog.find("glm", "old") == nullptr);
  CHECK(catalog.find("glm", "new")->speed == "balanced");
}

TEST_CASE("model catalogue: what is wrong is said, all of it, and nothing is added", "[model]") {
  const std::string all = problem_of(
      "schema = 2\n[[model]]\nabilities = [\"vision\", \"toolz\"]\nspeed = \"slow\"\n"
      "context_tokens = -1\nprice = { inptu = 1 }\ntemperature = { min = 2, max = 1 }\nfoo = 1\n");
  for (const char* word : {"x.toml", "schema must be 1", "plugin is missing", "name is missing",
                           "\"toolz\"; did you mean \"tools\"?", "speed must be", "context_tokens must be",
                           "price.inptu is no field", "min is larger than max", "foo is no field"}) {
    CAPTURE(all, word);
    CHECK(all.find(word) != std::string::npos);
  }
  CHECK(problem_of("schema = 1\nplugin = 'x'\nmodel = 3\n").find("list of tables") != std::string::npos);
  CHECK(problem_of("schema = ").find("line 1") != std::string::npos);
  CHECK(problem_of(std::string(kCatalogBytesMax + 1, '#')).find("at most") != std::string::npos);
  CHECK(problem_of("schema = 1\nplugin = 'x'\n" + std::string(kCatalogBytesMax - 40, '#')).empty());
}

TEST_CASE("model catalogue: the number of models is bounded", "[model]") {
  std::string many = kHead;
  for (std::size_t i = 0; i < kModelsMax; ++i) many += "[[model]]\nname = \"" + std::to_string(i) + "\"\n";
  ModelCatalog catalog;
  CHECK(catalog.add(many, "many"));
  const auto more = catalog.add(kHead + "[[model]]\nname = \"more\"\n", "more");
  REQUIRE_FALSE(more);
  CHECK(more.error().message.find("10,000") != std::string::npos);
}

TEST_CASE("model catalogue: the bundled ones are right", "[model]") {
  std::string problems;
  const ModelCatalog catalog =
      read_catalogs({TOOLPOST_SOURCE_DIR "/config/models"}, [&](const std::string& why) { problems += why; });
  CHECK(problems.empty());
  CHECK(catalog.size() > 20);
  for (const char* plugin : {"glm", "kimi", "openai", "anthropic", "gemini"}) {
    CAPTURE(plugin);
    std::set<std::string> seen;
    for (const std::string& name : catalog.names(plugin)) {
      CAPTURE(name);
      CHECK(seen.insert(name).second);  // no alias means two models
      CHECK(catalog.find(plugin, name)->context_tokens > 0);
    }
    CHECK_FALSE(seen.empty());
  }
}

TEST_CASE("model catalogue: a file that is wrong is told and left out, a folder may be missing", "[model]") {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / ("toolpost_catalog_" + std::to_string(getpid()));
  fs::create_directories(folder);
  std::ofstream(folder / "a.toml") << "schema = 7\n";
  std::ofstream(folder / "b.toml") << kHead << "[[model]]\nname = \"b\"\n";
  std::ofstream(folder / "c.txt") << "not read";
  std::vector<std::string> problems;
  const ModelCatalog catalog =
      read_catalogs({"/nowhere", folder.string()}, [&](const std::string& why) { problems.push_back(why); });
  fs::remove_all(folder);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].find("a.toml") != std::string::npos);
  CHECK(catalog.size() == 1);
}

TEST_CASE("cost: cached, written and plain tokens have their own prices", "[model]") {
  const ModelPrice price{2, 10, 0.5, 3, 0.01};
  CHECK(cost_of(price, {1'000'000, 0, 0, 0, 0}) == Approx(2));
  CHECK(cost_of(price, {1'000'000, 0, 400'000, 100'000, 0}) == Approx(1.0 + 0.2 + 0.3));
  CHECK(cost_of(price, {0, 100'000, 0, 0, 3}) == Approx(1.03));
  // Counts that contradict each other cost no less than nothing.
  CHECK(cost_of(price, {10, 0, 100, 100, 0}) == Approx(10 * 0.5 / 1e6));
}

TEST_CASE("model catalogue: a date at the end of a name changes nothing that is known", "[model]") {
  ModelCatalog catalog;
  REQUIRE(catalog.add(
      kHead + "[[model]]\nname = \"glm-4.6\"\naliases = [\"big\"]\ncontext_tokens = 200_000\n", "x"));
  for (const char* dated :
       {"glm-4.6-2025-08-07", "glm-4.6-20250807", "glm-4.6@20250807", "big-2025-08-07", "glm-4.6"}) {
    INFO(dated);
    REQUIRE(catalog.facts("glm", dated) != nullptr);
    CHECK(catalog.facts("glm", dated)->name == "glm-4.6");
  }
  CHECK(catalog.find("glm", "glm-4.6-2025-08-07") == nullptr);  // another name to ask for
  for (const char* other :
       {"glm-4.6-2025-8-7", "glm-4.6-x0250807", "glm-4.6-preview", "-20250807", "glm-4.620250807"})
    CHECK(catalog.facts("glm", other) == nullptr);
}
