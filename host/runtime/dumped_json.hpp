#pragma once
// JSON as text for whoever reads it next; bytes that are no UTF-8 become replacement characters instead of an
// error.

#include <nlohmann/json.hpp>
#include <string>

namespace toolpost {

inline std::string dumped(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace toolpost
