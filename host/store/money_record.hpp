#pragma once
// Money of a provider and a day, as the store counts it.

#include <cstdint>
#include <string>

namespace toolpost {

constexpr std::int64_t kMsPerDay = 86'400'000;

/// Asks for money before it is spent. Amounts in millionths of the provider's currency.
struct MoneyOrder {
  std::string provider;
  std::int64_t day = 0;  // since 1970, UTC
  std::int64_t amount = 0;
  std::int64_t limit = 0;  // of that day
};
struct MoneyAnswer {
  bool granted = false;
  std::int64_t counted = 0;  // of that day, reserved or spent; with the order if it was granted
};

}  // namespace toolpost
