#pragma once
// Masks secrets in text that leaves the host: replies, logs, recordings. Knows the live values and the shapes
// of common tokens; runs on every reply, so text without a secret costs one table lookup per byte.

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/secret.hpp"

namespace toolpost {

/// Threads: any for const methods, once every add() is done.
class Redactor {
 public:
  /// Values shorter than this are not masked: keys like "none" would tear holes into innocent text.
  static constexpr std::size_t kSecretBytesMin = 6;

  Redactor();
  ~Redactor();
  Redactor(const Redactor&) = delete;
  Redactor& operator=(const Redactor&) = delete;

  /// Copies the value in all forms of secret_forms(). Adding the same again, or a rotated one, is fine.
  void add(const Secret& secret);

  /// Every live value becomes "[secret NAME]"; tokens, keys after "Bearer " and PEM private keys "[secret
  /// token]" or "[secret private key]".
  std::string mask(std::string_view text) const;
  /// Whether mask() would change anything.
  bool contains_secret(std::string_view text) const { return find(text, 0).size != 0; }

 private:
  struct Pattern {
    std::string bytes;
    std::string label;
  };
  struct Match {
    std::size_t at = 0, size = 0;  // size 0: none
    std::string_view label;        // borrowed from a pattern, or static
  };
  Match find(std::string_view text, std::size_t from) const;
  Match known_at(std::string_view text, std::size_t at) const;
  Match match_at(std::string_view text, std::size_t at) const;
  void start_with(std::string_view prefix);

  std::vector<Pattern> patterns_;  // by first two bytes, then longest first
  std::bitset<65536> starts_;      // pairs of bytes that something may begin with
  std::bitset<65536> follows_;     // and pairs that may come next; together they reject nearly all text
};

}  // namespace toolpost
