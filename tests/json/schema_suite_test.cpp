#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "corpora.hpp"
#include "json/schema.hpp"

using namespace toolpost;

namespace {

/// What the suite serves at this address; here it is handed in, since nothing is ever fetched.
SchemaDocuments remotes() {
  SchemaDocuments documents;
  const std::filesystem::path folder = corpora() + "/json-schema/remotes";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    documents["http://localhost:1234/" + std::filesystem::relative(entry.path(), folder).string()] =
        std::string(std::istreambuf_iterator<char>(file), {});
  }
  return documents;
}

/// How many cases it holds.
std::size_t run_group(const nlohmann::json& group, const std::string& name,
                      const SchemaDocuments& documents) {
  CAPTURE(name);
  const auto schema = Schema::compile(group["schema"].dump(), {}, documents);
  CAPTURE(schema ? "" : schema.error().message);
  REQUIRE(schema);
  for (const auto& test : group["tests"]) {
    // Not through JsonReader: some cases hold NUL, which the validator must compare all the same.
    simdjson::dom::parser parser;
    const std::string data = test["data"].dump();
    const std::string description = test["description"];
    const auto valid = schema->validate(parser.parse(data));
    CAPTURE(description, data, valid ? "" : valid.error().message);
    CHECK(valid.has_value() == test["valid"].get<bool>());
    if (!valid) CHECK(valid.error().code == Errc::invalid_input);
  }
  return group["tests"].size();
}

}  // namespace

TEST_CASE("schema: JSON-Schema-Test-Suite, draft 2020-12, required cases", "[json][corpus]") {
  const std::string folder = corpora() + "/json-schema/draft2020-12";
  if (!std::filesystem::exists(folder)) {
    WARN("the JSON-Schema-Test-Suite is not at " << folder << "; only our own cases ran");
    return;
  }
  const SchemaDocuments documents = remotes();
  std::size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    for (const auto& group : nlohmann::json::parse(file)) {
      cases += run_group(group, entry.path().stem().string() + ": " + group["description"].get<std::string>(),
                         documents);
    }
  }
  CHECK(cases > 1'250);  // all that are required
}

TEST_CASE("schema: the suite's optional cases do not crash it", "[json][corpus]") {
  const std::string folder = corpora() + "/json-schema/draft2020-12/optional";
  if (!std::filesystem::exists(folder)) {
    WARN("the JSON-Schema-Test-Suite is not at " << folder << "; only our own cases ran");
    return;
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    const auto groups = nlohmann::json::parse(file, nullptr, false);
    for (const auto& group : groups.is_array() ? groups : nlohmann::json::array()) {
      const auto schema = Schema::compile(group["schema"].dump());
      if (!schema) continue;
      for (const auto& test : group["tests"]) {
        simdjson::dom::parser parser;
        simdjson::dom::element data;
        if (parser.parse(test["data"].dump()).get(data) == simdjson::SUCCESS) (void)schema->validate(data);
      }
    }
  }
}
