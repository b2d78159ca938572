#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "corpora.hpp"
#include "json/schema.hpp"

using namespace toolpost;

namespace {

enum class Why { remote, metaschema, dialect };

const char* expected_text(Why why) {
  return why == Why::dialect ? "is not supported; write it in 2020-12" : "nothing is fetched";
}

/// Required groups that do not compile here, by file and description: what they need is never fetched.
/// Documents elsewhere, the 2020-12 metaschema (not embedded), and metaschemas that define other dialects.
const std::map<std::string, Why> kLeftOut = {
    {"defs: validate definition against metaschema", Why::metaschema},
    {"ref: remote ref, containing refs itself", Why::metaschema},
    {"dynamicRef: strict-tree schema, guards against misspelled properties", Why::remote},
    {"dynamicRef: tests for implementation dynamic anchor and reference link", Why::remote},
    {"dynamicRef: $ref and $dynamicAnchor are independent of order - $defs first", Why::remote},
    {"dynamicRef: $ref and $dynamicAnchor are independent of order - $ref first", Why::remote},
    {"dynamicRef: $ref to $dynamicRef finds detached $dynamicAnchor", Why::remote},
    {"refRemote: remote ref", Why::remote},
    {"refRemote: fragment within remote ref", Why::remote},
    {"refRemote: anchor within remote ref", Why::remote},
    {"refRemote: ref within remote ref", Why::remote},
    {"refRemote: base URI change", Why::remote},
    {"refRemote: base URI change - change folder", Why::remote},
    {"refRemote: base URI change - change folder in subschema", Why::remote},
    {"refRemote: root ref in remote ref", Why::remote},
    {"refRemote: remote ref with ref to defs", Why::remote},
    {"refRemote: Location-independent identifier in remote ref", Why::remote},
    {"refRemote: retrieved nested refs resolve relative to their URI not $id", Why::remote},
    {"refRemote: remote HTTP ref with different $id", Why::remote},
    {"refRemote: remote HTTP ref with different URN $id", Why::remote},
    {"refRemote: remote HTTP ref with nested absolute ref", Why::remote},
    {"refRemote: $ref to $ref finds detached $anchor", Why::remote},
    {"vocabulary: schema that uses custom metaschema with with no validation vocabulary", Why::dialect},
    {"vocabulary: ignore unrecognized optional vocabulary", Why::dialect},
};

struct Tally {
  std::size_t cases = 0;
  std::size_t left_out = 0;
};

void run_group(const nlohmann::json& group, const std::string& name, Tally& tally) {
  CAPTURE(name);
  const auto schema = Schema::compile(group["schema"].dump());
  if (const auto known = kLeftOut.find(name); known != kLeftOut.end()) {
    ++tally.left_out;
    REQUIRE_FALSE(schema);
    CHECK(schema.error().message.find(expected_text(known->second)) != std::string::npos);
    return;
  }
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
    ++tally.cases;
  }
}

}  // namespace

TEST_CASE("schema: JSON-Schema-Test-Suite, draft 2020-12, required cases", "[json][corpus]") {
  const std::string folder = corpora() + "/json-schema/draft2020-12";
  if (!std::filesystem::exists(folder)) {
    WARN("the JSON-Schema-Test-Suite is not at " << folder << "; only our own cases ran");
    return;
  }
  Tally tally;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    for (const auto& group : nlohmann::json::parse(file)) {
      run_group(group, entry.path().stem().string() + ": " + group["description"].get<std::string>(), tally);
    }
  }
  CHECK(tally.left_out == kLeftOut.size());
  CHECK(tally.cases > 1'200);
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
