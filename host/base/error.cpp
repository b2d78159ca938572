#include "base/error.hpp"

#include <array>

namespace toolpost {
namespace {
constexpr std::array<std::string_view, 27> kNames = {"ok",
                                                     "cancelled",
                                                     "deadline",
                                                     "invalid_input",
                                                     "not_found",
                                                     "permission",
                                                     "unauthenticated",
                                                     "rate_limited",
                                                     "unavailable",
                                                     "conflict",
                                                     "exhausted",
                                                     "content_blocked",
                                                     "context_too_long",
                                                     "bad_upstream",
                                                     "unsupported",
                                                     "internal",
                                                     "crashed",
                                                     "hung",
                                                     "protocol",
                                                     "output_invalid",
                                                     "nondeterministic",
                                                     "in_doubt",
                                                     "quarantined",
                                                     "incompatible",
                                                     "shed",
                                                     "breaker_open",
                                                     "invalid_config"};
}  // namespace

std::string_view name(Errc code) {
  const auto index = static_cast<std::size_t>(code);
  return index < kNames.size() ? kNames[index] : "internal";
}

Errc errc_from_name(std::string_view word) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == word) return static_cast<Errc>(i);
  }
  return Errc::internal;
}

}  // namespace toolpost
