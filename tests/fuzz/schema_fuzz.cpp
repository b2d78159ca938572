// A schema of a stranger and a value: both are bounded work, and `not` means the opposite.
#include "fuzz.hpp"
#include "json/json_reader.hpp"
#include "json/schema.hpp"
#include "json/utf8.hpp"

using namespace toolpost;

namespace {

constexpr SchemaLimits kLimits{16, 300, 200, 5'000, 20'000};

void check_error(const Error& error) {
  hold(error.message.size() <= 8192, "an error is bounded");
  hold(is_valid_utf8(error.message), "an error is UTF-8");
}

/// References and ids mean something else once the schema is inside another.
bool stands_alone(std::string_view schema) {
  return schema.find('$') == std::string_view::npos && schema.find("\\u") == std::string_view::npos;
}

}  // namespace

/// A schema, then behind a line of three dashes a value.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz_text(data, size);
  const std::string_view schema_text = take_until(rest, "\n---\n");
  const auto schema = Schema::compile(schema_text, kLimits);
  if (!schema) {
    hold(schema.error().code == Errc::incompatible, "what is no schema is incompatible");
    check_error(schema.error());
    return 0;
  }
  JsonReader reader({});
  const auto value = reader.read_copy(rest);
  if (!value) return 0;
  const auto first = schema->validate(*value);
  if (!first) check_error(first.error());
  const auto second = schema->validate(*value);
  hold(first.has_value() == second.has_value(), "the same value is judged the same");
  if (!stands_alone(schema_text)) return 0;
  const auto opposite = Schema::compile("{\"not\":" + std::string(schema_text) + "}", kLimits);
  if (!opposite) return 0;  // one level deeper, one subschema more
  const auto third = opposite->validate(*value);
  const bool decided = (first || first.error().code == Errc::invalid_input) &&
                       (third || third.error().code == Errc::invalid_input);
  if (decided) hold(first.has_value() != third.has_value(), "not is the opposite");
  return 0;
}
