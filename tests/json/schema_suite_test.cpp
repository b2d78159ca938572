#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "corpora.hpp"
#include "json/json_reader.hpp"
#include "json/schema.hpp"

using namespace toolpost;

namespace {

std::string problem(std::string_view schema_text, std::string_view instance) {
  const auto schema = Schema::compile(schema_text);
  REQUIRE(schema);
  JsonReader reader({});
  const auto read = reader.read_copy(instance);
  REQUIRE(read);
  const auto valid = schema->validate(*read);
  return valid ? "" : valid.error().message;
}

}  // namespace

TEST_CASE("schema: a refusal says where, what was expected and what was meant", "[json]") {
  const char* schema = R"({"type":"object","properties":{"step":{"type":"integer","minimum":1},
    "confidence":{"enum":["low","high"]},"files":{"type":"array","items":{"type":"string"}}},
    "required":["step"],"additionalProperties":false})";
  CHECK(problem(schema, R"({"step":1,"confidence":"low"})").empty());
  CHECK(problem(schema, "{}") == "the value lacks the required field \"step\"");
  CHECK(problem(schema, R"({"step":"1"})") == "/step must be of type integer, but is a string");
  CHECK(problem(schema, R"({"step":0})") == "/step must be at least 1");
  CHECK(problem(schema, R"({"step":1,"files":["a",2]})") == "/files/1 must be of type string, but is an integer");
  CHECK(problem(schema, R"({"step":1,"confidense":"low"})").find("did you mean \"confidence\"?") != std::string::npos);
  CHECK(problem(schema, R"({"step":1,"confidence":"hgh"})").find("did you mean \"high\"?") != std::string::npos);
}

TEST_CASE("schema: what cannot be bounded is refused or ends", "[json]") {
  CHECK_FALSE(Schema::compile(R"({"$ref":"https://example.com/other"})"));
  CHECK_FALSE(Schema::compile(R"x({"pattern":"(?=a)"})x"));
  CHECK_FALSE(Schema::compile("{\"pattern\":\"" + std::string(2000, 'a') + "\"}"));
  CHECK_FALSE(Schema::compile("nonsense"));
  CHECK(problem(R"({"$ref":"#"})", "1").find("steps") != std::string::npos);
  CHECK(problem(R"x({"pattern":"^(a+)+$"})x", "\"" + std::string(5000, 'a') + "b\"").find("pattern") != std::string::npos);
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "{\"not\":";
  deep += "true" + std::string(100, '}');
  CHECK_FALSE(Schema::compile(deep));
}

TEST_CASE("schema: JSON-Schema-Test-Suite, draft 2020-12, required cases", "[json][corpus]") {
  const std::string folder = corpora() + "/json-schema/draft2020-12";
  if (!std::filesystem::exists(folder)) {
    WARN("the JSON-Schema-Test-Suite is not there; only our own cases ran");
    return;
  }
  // Not compiled, each for a reason: documents outside the schema (nothing is fetched, the metaschema included),
  // other dialects, and patterns that RE2 does not have.
  std::map<std::string, int> not_compiled;
  int run = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    for (const auto& group : nlohmann::json::parse(file)) {
      const auto schema = Schema::compile(group["schema"].dump());
      const std::string name = entry.path().stem().string() + ": " + group["description"].get<std::string>();
      if (!schema) {
        const std::string& why = schema.error().message;
        CAPTURE(name, why);
        CHECK((why.find("nothing is fetched") != std::string::npos || why.find("cannot be used") != std::string::npos ||
               why.find("dialect") != std::string::npos));
        ++not_compiled[entry.path().stem().string()];
        continue;
      }
      for (const auto& test : group["tests"]) {
        LimitSettings limits;
        JsonReader reader(limits);
        const std::string data = test["data"].dump();
        const auto instance = reader.read_copy(data);
        if (!instance) continue;
        ++run;
        CAPTURE(name, test["description"].get<std::string>(), data);
        CHECK(schema->validate(*instance).has_value() == test["valid"].get<bool>());
      }
    }
  }
  for (const auto& [stem, count] : not_compiled) WARN(stem << ": " << count << " schemas not compiled");
  WARN(run << " required cases ran");
}
