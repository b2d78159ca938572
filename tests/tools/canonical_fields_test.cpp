// canonical_fields.json lists what clients of the predecessor send: every field, every word of its enums, and
// what it requires. A tool lists exactly these and takes others without failing.

#include <algorithm>

#include "catch.hpp"
#include "plugin/elf_file.hpp"
#include "plugin/manifest.hpp"
#include "tool_world.hpp"

using namespace toolpost::testing;

namespace {

json sorted(json list) {
  std::sort(list.begin(), list.end());
  return list;
}

json input_of(const std::string& plugin, const std::string& method) {
  const auto facts =
      toolpost::read_elf(text_of(library_of(plugin)), TOOLPOST_MANIFEST_SECTION, toolpost::kManifestBytesMax);
  REQUIRE(facts);
  const auto manifest = toolpost::parse_manifest(facts->section);
  REQUIRE(manifest);
  for (const toolpost::MethodManifest& one : manifest->methods) {
    if (one.name == method) return json::parse(one.input_schema);
  }
  FAIL("no method " << method);
  return {};
}

}  // namespace

TEST_CASE("tools: names, fields, enums and required fields are the predecessor's", "[tools]") {
  const json canonical =
      json::parse(text_of(std::string(TOOLPOST_SOURCE_DIR) + "/tests/tools/canonical_fields.json"));
  for (const auto& [tool, wanted] : canonical.items()) {
    CAPTURE(tool);
    const json input = input_of(wanted.value("plugin", tool), tool);
    json fields = json::array();
    for (const auto& [name, schema] : input["properties"].items()) fields.push_back(name);
    CHECK(sorted(fields) == sorted(wanted["fields"]));
    CHECK(sorted(input.value("required", json::array())) == sorted(wanted["required"]));
    for (const auto& [name, words] : wanted["enums"].items()) {
      CAPTURE(name);
      CHECK(input["properties"][name]["enum"] == words);
    }
    CHECK_FALSE(input.contains("additionalProperties"));
  }
}
