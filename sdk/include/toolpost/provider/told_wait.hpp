#pragma once
// How long a server wants to be left alone, where it says so in the body of its refusal and in no header:
// Gemini's google.rpc.RetryInfo (https://ai.google.dev/gemini-api/docs/troubleshooting), and the words "try
// again in 1m2.5s" of OpenAI and those who copy it.

#include <toolpost/plugin.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace toolpost::provider {

inline constexpr double kToldWaitMaxMs = 3'600'000;  // longer wishes count as this

/// "12s", "812ms", "1m2.5s", "1h" at the beginning of `text`; 0 if none is there.
inline std::uint32_t wait_ms(std::string_view text) {
  const auto digit = [&](std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
  double total = 0;
  std::size_t at = 0;
  while (digit(at)) {
    double number = 0, place = 1;
    for (; digit(at); ++at) number = std::min(number * 10 + (text[at] - '0'), 1e12);
    if (at < text.size() && text[at] == '.' && digit(at + 1))
      for (++at; digit(at); ++at) number += (text[at] - '0') * (place /= 10);
    const bool small = text.substr(at, 2) == "ms";
    const char unit = at < text.size() ? text[at] : ' ';
    const double unit_ms = small         ? 1
                           : unit == 's' ? 1'000
                           : unit == 'm' ? 60'000
                           : unit == 'h' ? 3'600'000
                                         : 0;
    if (unit_ms == 0) break;
    total += number * unit_ms;
    at += small ? 2 : 1;
  }
  return static_cast<std::uint32_t>(std::min(total, kToldWaitMaxMs));
}

/// Of an error object and its words; 0 if neither tells a wait.
inline std::uint32_t told_wait_ms(const json& error, const std::string& lower_words) {
  if (error.is_object() && error.contains("details") && error["details"].is_array())
    for (const json& detail : error["details"])
      if (detail.is_object() && detail.contains("retryDelay") && detail["retryDelay"].is_string())
        if (const std::uint32_t told = wait_ms(detail["retryDelay"].get_ref<const std::string&>()); told > 0)
          return told;
  for (const std::string before : {"try again in ", "retry in "})
    if (const std::size_t found = lower_words.find(before); found != std::string::npos)
      return wait_ms(std::string_view(lower_words).substr(found + before.size()));
  return 0;
}

}  // namespace toolpost::provider
