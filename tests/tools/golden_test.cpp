// Each file of cases/ holds the cases of one tool; golden/ holds the journals of their calls. A changed
// journal is a changed behaviour: look at the difference, then write them anew with
// TOOLPOST_WRITE_SNAPSHOTS=1.

#include <filesystem>

#include "catch.hpp"
#include "json/json_reader.hpp"
#include "json/schema.hpp"
#include "plugin/elf_file.hpp"
#include "plugin/manifest.hpp"
#include "tool_world.hpp"

using namespace toolpost::testing;
using toolpost::testing::json;
namespace fs = std::filesystem;

namespace {

const fs::path kFolder = fs::path(TOOLPOST_SOURCE_DIR) / "tests" / "tools";

std::vector<fs::path> case_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kFolder / "cases")) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

std::string input_schema_of(const std::string& plugin, const std::string& method) {
  const std::string image = text_of(library_of(plugin));
  const auto facts = toolpost::read_elf(image, TOOLPOST_MANIFEST_SECTION, toolpost::kManifestBytesMax);
  REQUIRE(facts);
  const auto manifest = toolpost::parse_manifest(facts->section);
  REQUIRE(manifest);
  for (const toolpost::MethodManifest& one : manifest->methods) {
    if (one.name == method) return one.input_schema;
  }
  FAIL("no method " << method);
  return {};
}

/// What the host would say of the request; empty when it takes it.
std::string schema_refusal(const std::string& schema_text, const json& request) {
  auto schema = toolpost::Schema::compile(schema_text);
  REQUIRE(schema);
  toolpost::JsonReader reader({});
  const auto value = reader.read_copy(request.dump());
  REQUIRE(value);
  const auto valid = schema->validate(*value);
  return valid ? "" : valid.error().message;
}

/// The promises that every paused answer keeps, whatever its tool.
void check_pause(const json& reply) {
  if (!reply.value("next_step_required", false) || !reply.contains("required_actions")) return;
  const std::string words = reply["next_steps"];
  std::size_t size = words.size();
  for (const json& action : reply["required_actions"]) size += action.get_ref<const std::string&>().size();
  CHECK(reply["required_actions"].size() >= 3);
  CHECK(words.find("step_number " + std::to_string(reply["next_step_number"].get<int>())) !=
        std::string::npos);
  CHECK(size <= 900);
}

}  // namespace

TEST_CASE("tools: every case does what its journal says, however its calls are cut", "[tools]") {
  const fs::path golden = kFolder / "golden";
  for (const fs::path& file : case_files()) {
    const json cases = json::parse(text_of(file));
    const std::string plugin = cases.value("plugin", file.stem().string());
    for (const json& one : cases["cases"]) {
      const std::string method = one.value("method", plugin);
      const std::string name = file.stem().string() + "." + one["name"].get<std::string>();
      CAPTURE(name);
      const std::string schema = input_schema_of(plugin, method);
      ToolWorld world(one);
      json journal = json::array();
      for (const json& request : one["calls"]) {
        CHECK(schema_refusal(schema, request) == "");
        journal.push_back(world.call(plugin, method, request));
        CHECK(world.divergence == "");
        if (journal.back().contains("reply")) check_pause(journal.back()["reply"]);
      }
      const fs::path path = golden / (name + ".json");
      if (writes_snapshots()) std::ofstream(path) << journal.dump(1) << "\n";
      const json expected = json::parse(text_of(path), nullptr, false);
      REQUIRE_FALSE(expected.is_discarded());
      REQUIRE(expected.size() == journal.size());
      for (std::size_t i = 0; i < journal.size(); ++i) {
        for (const char* part : {"request", "effects", "reply", "error"}) {
          CAPTURE(i, part);
          CHECK(journal[i].value(part, json()) == expected[i].value(part, json()));
        }
      }
    }
  }
}

TEST_CASE("tools: no journal is left over from a case that is gone", "[tools]") {
  std::set<std::string> names;
  for (const fs::path& file : case_files()) {
    const json cases = json::parse(text_of(file));
    for (const json& one : cases["cases"])
      names.insert(file.stem().string() + "." + one["name"].get<std::string>() + ".json");
  }
  for (const auto& entry : fs::directory_iterator(kFolder / "golden"))
    CHECK(names.count(entry.path().filename().string()) == 1);
}
