// Header lines of a server and a plugin: nothing in them can end a line or reach past what is allowed.
#include <algorithm>

#include "effect/http/http_headers.hpp"
#include "effect/http/retry_after.hpp"
#include "fuzz.hpp"

using namespace toolpost;

namespace {

void check_field(const std::string& name, const std::string& value) {
  hold(!name.empty() && name == lower_ascii(name), "a name is lower case");
  hold(name.find_first_of(" \t\r\n:") == std::string::npos, "a name is a token");
  hold(is_header_value(value), "a value has no control characters");
  const auto again = parse_header_line(name + ": " + value + "\r\n");
  hold(again && again->first == name && again->second == value, "a field is read back as it is");
  if (!check_request_header(name, value)) return;
  hold(name.size() <= header_name_bytes_max && value.size() <= header_value_bytes_max, "a field is bounded");
  for (const char* owned : {"host", "cookie", "content-length", "transfer-encoding", "connection", "te"})
    hold(name != owned, "the host's own fields are refused");
  hold(!name.starts_with("proxy-"), "the host's own fields are refused");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  HttpHeaders headers;
  for (std::string_view rest = fuzz_text(data, size); !rest.empty();) {
    const std::string_view line = take_until(rest, "\n");
    std::string_view value = line;
    const std::string_view name = take_until(value, ": ");
    if (check_request_header(name, value))
      hold(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
           "no line is injected");
    if (auto field = parse_header_line(line)) headers.push_back(std::move(*field));
    if (const auto date = parse_http_date(line))
      hold(date->count() < 253'402'300'801, "a year has four digits");
  }
  for (const auto& [name, value] : headers) {
    check_field(name, value);
    hold(!find_header(headers, name).empty() || value.empty() || find_header(headers, name).empty(), "found");
  }
  for (const std::int64_t now : {std::int64_t{0}, std::int64_t{1'790'000'000}}) {
    if (const auto wait = parse_retry_after(headers, std::chrono::seconds(now)))
      hold(*wait >= Millis(0) && *wait <= retry_after_max, "a wait is bounded");
  }
  return 0;
}
