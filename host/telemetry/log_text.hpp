#pragma once
// One event as text: key=value for people, members of a JSON object for machines.
// Escapes whatever could forge a line or move a terminal's cursor. Knows no secrets; Log masks first.

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/time.hpp"

namespace toolpost {

/// Borrowed for the duration of one event. Durations are written as whole milliseconds.
class LogValue {
 public:
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  LogValue(std::string_view text) : value_(text) {}
  LogValue(const std::string& text) : value_(std::string_view(text)) {}
  LogValue(const char* text) : value_(std::string_view(text)) {}
  LogValue(bool flag) : value_(flag) {}
  LogValue(double number) : value_(number) {}
  template <typename Count, typename Period>
  LogValue(std::chrono::duration<Count, Period> duration)
      : value_(std::int64_t{to_ms(std::chrono::duration_cast<Duration>(duration))}) {}
  template <std::integral Number>
    requires(!std::same_as<Number, bool>)
  LogValue(Number number) {
    if constexpr (std::signed_integral<Number>) {
      value_ = static_cast<std::int64_t>(number);
    } else {
      value_ = static_cast<std::uint64_t>(number);
    }
  }

  const Value& value() const { return value_; }

 private:
  Value value_;
};

struct LogField {
  std::string_view key;  // a literal of the code; never from outside
  LogValue value;
};

/// ` key=value`; texts are quoted when they are empty or hold anything but plain printable characters.
void append_text_field(std::string& out, std::string_view key, const LogValue::Value& value);
/// `,"key":value`
void append_json_field(std::string& out, std::string_view key, const LogValue::Value& value);
/// A JSON string, at most `bytes_max` of `text` (then "..." follows). Control, bidirectional and line
/// separator characters are escaped, bytes that are not UTF-8 become \ufffd.
void append_quoted(std::string& out, std::string_view text, std::size_t bytes_max = 4096);

}  // namespace toolpost
