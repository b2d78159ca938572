#pragma once
// What every fuzz target uses: a promise that must hold for any input, and the input in pieces.
// Not for making inputs: libFuzzer does that, from the files in corpus/.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace toolpost {

/// Ends the run, which keeps the input, when a promise is broken.
inline void hold(bool kept, const char* promise) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

inline std::string_view fuzz_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// What stands before the next `separator`, which is taken too; `rest` shrinks to what stands behind it.
inline std::string_view take_until(std::string_view& rest, std::string_view separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view piece = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + separator.size());
  return piece;
}

/// The first byte, or 0 at the end: seeds that are read by people choose with a digit.
inline unsigned take_choice(std::string_view& rest) {
  if (rest.empty()) return 0;
  const auto choice = static_cast<unsigned char>(rest.front());
  rest.remove_prefix(1);
  return choice;
}

/// For what is shown to people: one line, nothing in it that steers a terminal.
inline bool is_one_plain_line(std::string_view text) {
  for (const char byte : text)
    if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f) return false;
  return true;
}

}  // namespace toolpost
