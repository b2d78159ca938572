#pragma once
// Values as JSON Schema compares them: numbers by what they are worth, objects without order. Private to
// schema_*.cpp.

#include <simdjson.h>

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace toolpost {

bool is_number(simdjson::dom::element value);
/// 1.0 is one, too.
bool is_integer(simdjson::dom::element value);

/// Exact, between integers and doubles too: below 0, 0 or above 0.
int compare_numbers(simdjson::dom::element number, const nlohmann::json& bound);

/// Exact in the decimal digits that both are written with: 0.07 is a multiple of 0.01. `step` is above 0.
bool is_multiple(simdjson::dom::element number, const nlohmann::json& step);

/// Adds to `steps` what it compared.
bool equal_values(simdjson::dom::element value, const nlohmann::json& other, std::uint64_t& steps);

/// Appends a text that is the same exactly when two values are equal, for uniqueItems without comparing all
/// pairs.
void append_identity(std::string& out, simdjson::dom::element value);

/// What was found, for messages: "a string", "an object".
const char* kind_name(simdjson::dom::element value);
/// As JSON where that is short, else its kind.
std::string shown(simdjson::dom::element value);
std::string shown(const nlohmann::json& value);

}  // namespace toolpost
