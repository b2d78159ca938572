#pragma once
// Reads fields of a request with their types. The host has checked what a manifest lists; old names that are
// accepted without being listed have been checked by nobody.

#include <toolpost/plugin.hpp>

#include <algorithm>

namespace toolpost::workflow {

[[noreturn]] inline void refuse_field(const char* key, const char* must_be) {
  throw Error(TOOLPOST_INVALID_INPUT, "\"" + std::string(key) + "\" must be " + must_be);
}

/// A field's value, or null when it is absent.
inline json field(const json& request, const char* key) {
  const auto found = request.find(key);
  return found == request.end() ? json() : *found;
}

inline std::string text_field(const json& request, const char* key, const std::string& fallback = {}) {
  const json value = field(request, key);
  if (value.is_null()) return fallback;
  if (!value.is_string()) refuse_field(key, "a string");
  return value;
}

inline int count_field(const json& request, const char* key, int fallback) {
  const json value = field(request, key);
  if (value.is_null()) return fallback;
  if (!value.is_number_integer() || value < 0 || value > 1'000'000)
    refuse_field(key, "a whole number from 0 to 1000000");
  return value;
}

inline bool flag_field(const json& request, const char* key, bool fallback) {
  const json value = field(request, key);
  if (value.is_null()) return fallback;
  if (!value.is_boolean()) refuse_field(key, "true or false");
  return value;
}

inline double number_field(const json& request, const char* key, double fallback) {
  const json value = field(request, key);
  if (value.is_null()) return fallback;
  if (!value.is_number()) refuse_field(key, "a number");
  return value;
}

inline std::vector<std::string> strings(const json& request, const char* key) {
  const json value = field(request, key);
  if (value.is_null()) return {};
  if (!value.is_array()) refuse_field(key, "a list of strings");
  std::vector<std::string> found;
  for (const json& item : value) {
    if (item.is_string()) found.push_back(item);
  }
  return found;
}

/// Every list of paths that clients have called by one name or another, as one list.
inline std::vector<std::string> paths_of(const json& request, std::initializer_list<const char*> keys) {
  std::vector<std::string> paths;
  for (const char* key : keys) {
    for (std::string& path : strings(request, key)) {
      if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(std::move(path));
    }
  }
  return paths;
}

inline bool is_one_of(const std::string& word, std::initializer_list<const char*> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace toolpost::workflow
