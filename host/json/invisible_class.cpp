#include "json/invisible_class.hpp"

#include <algorithm>
#include <iterator>

namespace toolpost {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Sorted. Noncharacters at the end of each plane are computed instead.
constexpr Range kInvisible[] = {
    {0x00, 0x08},       {0x0b, 0x0c}, {0x0e, 0x1f}, {0x7f, 0x9f},  // controls
    {0xad, 0xad},                                                  // soft hyphen
    {0x34f, 0x34f},                                                // combining grapheme joiner
    {0x61c, 0x61c},                                                // Arabic letter mark
    {0x115f, 0x1160},                                              // Hangul fillers
    {0x180e, 0x180e},                                              // Mongolian vowel separator
    {0x200b, 0x200f},                                              // zero width, direction marks
    {0x202a, 0x202e},                                              // direction embedding, override
    {0x2060, 0x206f},                                              // word joiner, isolates, deprecated
    {0x3164, 0x3164},                                              // Hangul filler
    {0xfdd0, 0xfdef},                                              // noncharacters
    {0xfe00, 0xfe0f},                                              // variation selectors
    {0xfeff, 0xfeff},                                              // byte order mark
    {0xffa0, 0xffa0},                                              // half-width Hangul filler
    {0xfff9, 0xfffb},                                              // interlinear annotation
    {0x1d173, 0x1d17a},                                            // musical formatting
    {0xe0000, 0xe0fff},                                            // tags, selectors, reserved
};

// Scripts whose letters change shape with ZWJ and ZWNJ: Arabic to Mandaic, Indic to Sinhala, Tibetan,
// Myanmar, Khmer, Mongolian, Limbu to Balinese and Sundanese, and their extensions.
constexpr Range kJoining[] = {
    {0x600, 0x61b},     {0x61d, 0x8ff},     {0x900, 0xdff},     {0xf00, 0xfff},   {0x1000, 0x109f},
    {0x1780, 0x17ff},   {0x1800, 0x180d},   {0x180f, 0x18af},   {0x1900, 0x194f}, {0x1a20, 0x1aaf},
    {0x1b00, 0x1bff},   {0x1cd0, 0x1cff},   {0xa840, 0xa87f},   {0xa8e0, 0xa8ff}, {0xa980, 0xa9ff},
    {0xaa60, 0xaa7f},   {0xabc0, 0xabff},   {0xfb50, 0xfdcf},   {0xfe70, 0xfefc}, {0x10a00, 0x10aff},
    {0x10d00, 0x10d3f}, {0x11000, 0x11fff}, {0x1e900, 0x1e95f},
};

constexpr Range kEmoji[] = {
    {0xa9, 0xa9},     {0xae, 0xae},     {0x203c, 0x203c},   {0x2049, 0x2049}, {0x2122, 0x2122},
    {0x2139, 0x2139}, {0x2194, 0x21aa}, {0x231a, 0x23ff},   {0x24c2, 0x24c2}, {0x25aa, 0x25fe},
    {0x2600, 0x27bf}, {0x2934, 0x2935}, {0x2b05, 0x2b55},   {0x3030, 0x3030}, {0x303d, 0x303d},
    {0x3297, 0x3297}, {0x3299, 0x3299}, {0x1f000, 0x1faff},
};

template <std::size_t N>
constexpr bool sorted(const Range (&ranges)[N]) {
  for (std::size_t i = 0; i < N; ++i) {
    if (ranges[i].first > ranges[i].last || (i > 0 && ranges[i].first <= ranges[i - 1].last)) return false;
  }
  return true;
}
static_assert(sorted(kInvisible) && sorted(kJoining) && sorted(kEmoji));

template <std::size_t N>
bool within(const Range (&ranges)[N], char32_t code) {
  const auto* range = std::lower_bound(std::begin(ranges), std::end(ranges), code,
                                       [](const Range& one, char32_t wanted) { return one.last < wanted; });
  return range != std::end(ranges) && code >= range->first;
}

bool is_selector(char32_t code) {
  return code >= 0xfe00 && code <= 0xfe0f;
}

bool is_keycap_base(char32_t code) {
  return (code >= '0' && code <= '9') || code == '#' || code == '*';
}

bool is_joining(char32_t code) {
  return within(kJoining, code);
}

}  // namespace

bool may_be_invisible(char32_t code) {
  if (code >= 0x20 && code < 0x7f) return false;
  return within(kInvisible, code) || (code & 0xfffe) == 0xfffe;
}

bool is_seen_between(char32_t before, char32_t code, char32_t after) {
  if (is_selector(code))
    return within(kEmoji, before) || (is_keycap_base(before) && code == 0xfe0f && after == 0x20e3);
  if (code == 0x200d && (within(kEmoji, before) || is_selector(before))) return within(kEmoji, after);
  if (code == 0x200c || code == 0x200d) return is_joining(before) && is_joining(after);
  return false;
}

}  // namespace toolpost
