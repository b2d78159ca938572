#include "json/json_pointer.hpp"

namespace toolpost {

std::string pointer_step(std::string_view key) {
  std::string step = "/";
  for (const char byte : excerpt(key, 100)) {
    if (byte == '~') {
      step += "~0";
    } else if (byte == '/') {
      step += "~1";
    } else {
      step += byte;
    }
  }
  return step;
}

std::string pointer_step(std::size_t index) {
  return "/" + std::to_string(index);
}

std::string excerpt(std::string_view utf8, std::size_t bytes_max) {
  if (utf8.size() <= bytes_max) return std::string(utf8);
  std::size_t size = bytes_max;
  while (size > 0 && (utf8[size] & 0xc0) == 0x80) --size;
  return std::string(utf8.substr(0, size)) + "...";
}

}  // namespace toolpost
