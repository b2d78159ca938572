#include "effect/http/retry_after.hpp"

#include <algorithm>
#include <cstdint>

namespace toolpost {
namespace {

/// A plain number with an optional fraction, in units of `unit`, capped; no sign, no exponent.
std::optional<Millis> parse_amount(std::string_view text, Millis unit) {
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point < text.size() ? text.substr(point + 1) : std::string_view("0");
  const auto digits = [](std::string_view part) {
    return !part.empty() &&
           std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  if (!digits(whole) || !digits(fraction)) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : whole) value = std::min<std::int64_t>(value * 10 + (c - '0'), 1'000'000'000);
  std::int64_t thousandths = 0;
  for (std::size_t i = 0; i < 3; ++i)
    thousandths = thousandths * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  return std::min<Millis>(unit * value + unit * thousandths / 1000, retry_after_max);
}

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value;
}

}  // namespace

std::optional<std::chrono::seconds> parse_http_date(std::string_view text) {
  // Positions are fixed: "Sun, 06 Nov 1994 08:49:37 GMT".
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT" || text[7] != ' ' ||
      text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':') {
    return std::nullopt;
  }
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const std::size_t month = months.find(text.substr(8, 3));
  const auto day = number(text.substr(5, 2));
  const auto year = number(text.substr(12, 4));
  const auto hour = number(text.substr(17, 2));
  const auto minute = number(text.substr(20, 2));
  const auto second = number(text.substr(23, 2));
  if (month == std::string_view::npos || month % 3 != 0 || !day || !year || !hour || !minute || !second) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(month) / 3 + 1),
                                         std::chrono::day(*day)};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const std::chrono::sys_days midnight{date};
  return midnight.time_since_epoch() + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

std::optional<Millis> parse_retry_after(const HttpHeaders& headers, std::chrono::seconds unix_now) {
  for (const std::string_view name : {"retry-after-ms", "x-ms-retry-after-ms", "x-amz-retry-after"}) {
    if (auto wait = parse_amount(find_header(headers, name), Millis(1))) return wait;
  }
  const std::string_view value = find_header(headers, "retry-after");
  if (auto wait = parse_amount(value, Millis(1000))) return wait;
  const auto until = parse_http_date(value);
  if (!until) return std::nullopt;
  const auto now = parse_http_date(find_header(headers, "date")).value_or(unix_now);
  return std::clamp<Millis>(std::chrono::duration_cast<Millis>(*until - now), Millis(0), retry_after_max);
}

}  // namespace toolpost
