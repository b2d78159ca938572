#include "telemetry/redact.hpp"

#include <string.h>

#include <algorithm>

#include "telemetry/secret_forms.hpp"

namespace toolpost {
namespace {

struct TokenShape {
  std::string_view prefix;  // three bytes or more
  std::size_t tail_min;     // token characters after the prefix; fewer is prose
};
constexpr TokenShape kTokens[] = {
    {"sk-", 20},    {"ghp_", 30},  {"gho_", 30},  {"ghs_", 30}, {"github_pat_", 30},
    {"glpat-", 20}, {"xoxb-", 20}, {"xoxp-", 20}, {"AKIA", 16}, {"AIza", 30},
};
constexpr std::string_view kBearer = "bearer ";
constexpr std::size_t kBearerTailMin = 16;
constexpr std::string_view kPemBegin = "-----BEGIN ";
constexpr std::string_view kPemPrivate = "PRIVATE KEY-----";
constexpr std::string_view kPemEnd = "-----END ";
constexpr std::size_t kPemLabelMax = 64;
constexpr std::size_t kDigitWithin = 128;  // keeps a crafted text from costing its square

std::uint16_t pair_of(char first, char second) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(first) << 8 |
                                    static_cast<unsigned char>(second));
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alnum(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_token(char c) {
  return is_alnum(c) || c == '-' || c == '_';
}
bool is_bearer(char c) {
  return is_token(c) || c == '.' || c == '~' || c == '+' || c == '/' || c == '=';
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

// Length of the token that begins at `at`: at least `least` characters with a digit among the first ones,
// else 0.
std::size_t token_size(std::string_view text, std::size_t at, std::size_t least, bool (*part)(char)) {
  std::size_t end = at;
  bool digit = false;
  while (end < text.size() && part(text[end])) {
    digit = digit || is_digit(text[end]);
    if (++end - at >= kDigitWithin && !digit) return 0;
  }
  return digit && end - at >= least ? end - at : 0;
}

std::size_t pem_size(std::string_view text, std::size_t at) {
  const std::string_view label = text.substr(at + kPemBegin.size(), kPemLabelMax);
  if (label.find(kPemPrivate) == std::string_view::npos) return 0;
  const std::size_t close = text.find(kPemEnd, at + kPemBegin.size());
  if (close == std::string_view::npos) return text.size() - at;  // cut off: all that follows may be key
  const std::size_t end = text.find("-----", close + kPemEnd.size());
  return (end == std::string_view::npos ? text.size() : end + 5) - at;
}

bool is_bearer_at(std::string_view text, std::size_t at) {
  for (std::size_t i = 0; i < kBearer.size(); ++i)
    if (at + i >= text.size() || lower(text[at + i]) != kBearer[i]) return false;
  return true;
}

}  // namespace

Redactor::Redactor() {
  for (const TokenShape& shape : kTokens) start_with(shape.prefix);
  start_with(kPemBegin);
  for (unsigned upper = 0; upper < 16; ++upper) {  // "bearer" in any case
    std::string word(kBearer.substr(0, 4));
    for (unsigned i = 0; i < 4; ++i)
      if ((upper >> i & 1) != 0) word[i] = static_cast<char>(word[i] & ~0x20);
    start_with(word);
  }
}

Redactor::~Redactor() {
  for (Pattern& pattern : patterns_) ::explicit_bzero(pattern.bytes.data(), pattern.bytes.size());
}

void Redactor::start_with(std::string_view prefix) {
  starts_.set(pair_of(prefix[0], prefix[1]));
  if (prefix.size() >= 4) {
    follows_.set(pair_of(prefix[2], prefix[3]));
  } else {
    for (int last = 0; last < 256; ++last) follows_.set(pair_of(prefix[2], static_cast<char>(last)));
  }
}

void Redactor::add(const Secret& secret) {
  if (secret.reveal().size() < kSecretBytesMin) return;
  std::vector<std::string> forms = secret_forms(secret.reveal());
  for (std::string& form : forms) {
    const bool known = std::any_of(patterns_.begin(), patterns_.end(),
                                   [&](const Pattern& pattern) { return pattern.bytes == form; });
    if (!known) {
      start_with(form);
      patterns_.push_back({form, "[secret " + secret.name() + "]"});
    }
    ::explicit_bzero(form.data(), form.size());
  }
  std::sort(patterns_.begin(), patterns_.end(), [](const Pattern& a, const Pattern& b) {
    const std::uint16_t pair_a = pair_of(a.bytes[0], a.bytes[1]), pair_b = pair_of(b.bytes[0], b.bytes[1]);
    return pair_a != pair_b ? pair_a < pair_b : a.bytes.size() > b.bytes.size();
  });
}

Redactor::Match Redactor::known_at(std::string_view text, std::size_t at) const {
  if (at + 1 >= text.size()) return {};
  const std::uint16_t pair = pair_of(text[at], text[at + 1]);
  const std::string_view rest = text.substr(at);
  auto pattern = std::lower_bound(patterns_.begin(), patterns_.end(), pair,
                                  [](const Pattern& entry, std::uint16_t wanted) {
                                    return pair_of(entry.bytes[0], entry.bytes[1]) < wanted;
                                  });
  for (; pattern != patterns_.end() && pair_of(pattern->bytes[0], pattern->bytes[1]) == pair; ++pattern)
    if (rest.starts_with(pattern->bytes)) return {at, pattern->bytes.size(), pattern->label};
  return {};
}

Redactor::Match Redactor::match_at(std::string_view text, std::size_t at) const {
  if (const Match known = known_at(text, at); known.size != 0) return known;
  const std::string_view rest = text.substr(at);
  if (rest.starts_with(kPemBegin)) {
    if (const std::size_t size = pem_size(text, at)) return {at, size, "[secret private key]"};
  }
  if (is_bearer_at(text, at)) {
    // The word stays, so that a reader sees what stood there. A live value after it gets its own label.
    const std::size_t from = at + kBearer.size();
    if (const Match known = known_at(text, from); known.size != 0) return known;
    if (const std::size_t size = token_size(text, from, kBearerTailMin, is_bearer))
      return {from, size, "[secret token]"};
  }
  if (at > 0 && is_alnum(text[at - 1])) return {};  // "task-..." is not "sk-..."
  for (const TokenShape& shape : kTokens) {
    if (!rest.starts_with(shape.prefix)) continue;
    if (const std::size_t size = token_size(text, at + shape.prefix.size(), shape.tail_min, is_token))
      return {at, shape.prefix.size() + size, "[secret token]"};
  }
  return {};
}

Redactor::Match Redactor::find(std::string_view text, std::size_t from) const {
  // Nothing that is looked for has fewer than kSecretBytesMin bytes, so four can always be read.
  for (std::size_t at = from; at + 3 < text.size(); ++at) {
    if (!starts_[pair_of(text[at], text[at + 1])]) continue;
    if (!follows_[pair_of(text[at + 2], text[at + 3])]) continue;
    if (const Match match = match_at(text, at); match.size != 0) return match;
  }
  return {};
}

std::string Redactor::mask(std::string_view text) const {
  Match match = find(text, 0);
  if (match.size == 0) return std::string(text);
  std::string out;
  out.reserve(text.size());
  std::size_t done = 0;
  for (; match.size != 0; match = find(text, done)) {
    out.append(text.substr(done, match.at - done));
    out.append(match.label);
    done = match.at + match.size;
  }
  out.append(text.substr(done));
  return out;
}

}  // namespace toolpost
