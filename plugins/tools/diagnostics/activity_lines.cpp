#include "activity_lines.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>

std::string counted(std::uint64_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string time_text(std::int64_t ms) {
  using namespace std::chrono;
  const sys_seconds at{floor<seconds>(milliseconds(ms))};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

std::optional<std::int64_t> time_of(const std::string& text) {
  using namespace std::chrono;
  int year_no = 0, hour = 0, minute = 0, second = 0;
  unsigned month_no = 0, day_no = 0;
  const int read = std::sscanf(text.c_str(), "%4d-%2u-%2u%*1[T ]%2d:%2d:%2d", &year_no, &month_no, &day_no,
                               &hour, &minute, &second);
  const year_month_day date{year(year_no), month(month_no), day(day_no)};
  if (read < 3 || read == 4 || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto at = sys_days(date) + hours(hour) + minutes(minute) + seconds(second);
  return duration_cast<milliseconds>(at.time_since_epoch()).count();
}

bool fits(const std::string& line, const std::string& words) {
  const auto same = [](unsigned char one, unsigned char other) {
    return std::tolower(one) == std::tolower(other);
  };
  for (std::size_t at = 0;;) {
    const std::size_t end = std::min(words.find('|', at), words.size());
    const auto from = words.begin() + static_cast<std::ptrdiff_t>(at);
    const auto to = words.begin() + static_cast<std::ptrdiff_t>(end);
    if (std::search(line.begin(), line.end(), from, to, same) != line.end() || from == to) return true;
    if (end == words.size()) return false;
    at = end + 1;
  }
}

std::string activity_line(const nlohmann::json& call) {
  std::string line = time_text(call.value("ended_ms", std::int64_t{0})) + " " + call.value("tool", "other") +
                     " " + call.value("outcome", "") + ", " +
                     std::to_string(call.value("elapsed_ms", std::uint64_t{0})) + " ms, " +
                     counted(call.value("turns", std::uint64_t{0}), "turn");
  if (const auto attempts = call.value("attempts", std::uint64_t{0}); attempts > 0)
    line += ", " + counted(attempts, "attempt");
  if (const auto tokens = call.value("tokens", std::uint64_t{0}); tokens > 0)
    line += ", " + counted(tokens, "token");
  return line;
}
