#include "effect/file/file_path_text.hpp"

#include <algorithm>
#include <cstdint>

namespace toolpost {
namespace {

constexpr std::size_t kShownBytesMax = 200;

struct Character {
  char32_t code = 0;
  std::size_t bytes = 0;  // 0: the text does not begin with a whole, strictly encoded character
};

Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {};
  char32_t code = lead & (0x7fu >> bytes);
  for (std::size_t at = 1; at < bytes; ++at) {
    if ((byte(at) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(at) & 0x3f);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[bytes] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
  return {code, bytes};
}

bool is_control(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f);
}

/// Characters that hide or reorder a name on a screen, so that a person approves another path than is read.
/// Wider than what text is stripped of (json/invisible.hpp): in a name even a selector behind an emoji is no
/// use.
bool is_invisible(char32_t code) {
  constexpr struct {
    char32_t first, last;
  } kRanges[] = {
      {0xad, 0xad},       {0x34f, 0x34f},      // soft hyphen, grapheme joiner
      {0x61c, 0x61c},     {0x115f, 0x1160},    // Arabic letter mark, Hangul fillers
      {0x180e, 0x180e},   {0x200b, 0x200f},    // Mongolian separator, zero width and direction marks
      {0x2028, 0x202e},   {0x2060, 0x206f},    // line ends, direction, word joiner, isolates
      {0x3164, 0x3164},   {0xfdd0, 0xfdef},    // Hangul filler, noncharacters
      {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},    // variation selectors, byte order mark
      {0xffa0, 0xffa0},   {0xfff9, 0xfffb},    // Hangul filler, annotation
      {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},  // musical formatting; tags, selectors, reserved
  };
  if ((code & 0xfffe) == 0xfffe) return true;  // noncharacters at the end of each plane
  return std::any_of(std::begin(kRanges), std::end(kRanges),
                     [&](const auto& range) { return code >= range.first && code <= range.last; });
}

/// What is wrong with the characters of `text`, or null.
const char* character_fault(std::string_view text) {
  while (!text.empty()) {
    const Character character = first_character(text);
    if (character.bytes == 0) return "is not valid UTF-8";
    if (is_control(character.code)) return "holds a control character";
    if (is_invisible(character.code)) return "holds an invisible or direction-changing character";
    text.remove_prefix(character.bytes);
  }
  return nullptr;
}

}  // namespace

std::size_t utf8_prefix_bytes(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t step = first_character(bytes.substr(at)).bytes;
    if (step == 0) break;
    at += step;
  }
  return at;
}

std::string shown_file_path(std::string_view path) {
  std::string shown = "\"";
  for (std::size_t at = 0; at < path.size();) {
    if (shown.size() > kShownBytesMax) return shown + "...\"";
    const Character character = first_character(path.substr(at));
    if (character.bytes == 0 || is_control(character.code) || is_invisible(character.code)) {
      shown += '?';
    } else {
      shown += path.substr(at, character.bytes);
    }
    at += std::max<std::size_t>(character.bytes, 1);
  }
  return shown + "\"";
}

bool is_plain_file_name(std::string_view name) {
  return !name.empty() && name.size() <= kFileNameBytesMax && name != "." && name != ".." &&
         name.find('/') == std::string_view::npos && character_fault(name) == nullptr;
}

Result<std::vector<std::string>> split_file_path(std::string_view path) {
  const auto refused = [&](const std::string& why) {
    return Error{Errc::invalid_input, "path " + shown_file_path(path) + " " + why};
  };
  if (path.empty()) return refused("is empty; name a file or folder");
  if (path.size() > kFilePathBytesMax) {
    return refused("is longer than " + std::to_string(kFilePathBytesMax) + " bytes; give a shorter one");
  }
  if (const char* fault = character_fault(path)) return refused(std::string(fault) + "; give the plain name");
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view name = path.substr(begin, end - begin);
    begin = end + 1;
    if (name.empty() || name == ".") continue;
    if (name == "..") return refused("goes up with \"..\"; give the path without it");
    if (name.size() > kFileNameBytesMax) {
      return refused("has a name longer than " + std::to_string(kFileNameBytesMax) + " bytes");
    }
    names.emplace_back(name);
  }
  return names;
}

}  // namespace toolpost
