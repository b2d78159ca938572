#include "effect/http/retry_after.hpp"

#include "catch.hpp"

using namespace toolpost;

namespace {

long long wait_ms(HttpHeaders headers) {
  const auto wait =
      parse_retry_after(headers, std::chrono::seconds(784111777));  // Sun, 06 Nov 1994 08:49:37 GMT
  return wait ? wait->count() : -1;
}

}  // namespace

TEST_CASE("retry after: reads seconds, fractions and the millisecond fields, which come first", "[http]") {
  CHECK(wait_ms({{"retry-after", "0"}}) == 0);
  CHECK(wait_ms({{"retry-after", "7"}}) == 7000);
  CHECK(wait_ms({{"retry-after", "1.25"}}) == 1250);
  CHECK(wait_ms({{"retry-after-ms", "250"}, {"retry-after", "7"}}) == 250);
  CHECK(wait_ms({{"x-ms-retry-after-ms", "12"}}) == 12);
  CHECK(wait_ms({{"x-amz-retry-after", "300"}}) == 300);
  CHECK(wait_ms({{"retry-after-ms", "soon"}, {"retry-after", "7"}}) == 7000);
}

TEST_CASE("retry after: a date counts from the answer's own date, else from ours, and never back", "[http]") {
  CHECK(wait_ms({{"retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"}}) == 10'000);
  CHECK(wait_ms({{"retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"},
                 {"date", "Sun, 06 Nov 1994 08:49:45 GMT"}}) == 2000);
  CHECK(wait_ms({{"retry-after", "Sun, 06 Nov 1994 08:49:00 GMT"}}) == 0);
  CHECK(wait_ms({{"retry-after", "Thu, 01 Jan 1970 00:00:00 GMT"}}) == 0);
}

TEST_CASE("retry after: absurd wishes are capped at an hour, nonsense is none", "[http]") {
  CHECK(wait_ms({{"retry-after", "3600"}}) == 3'600'000);
  CHECK(wait_ms({{"retry-after", "3601"}}) == 3'600'000);
  CHECK(wait_ms({{"retry-after", std::string(400, '9')}}) == 3'600'000);
  CHECK(wait_ms({{"retry-after", "Fri, 31 Dec 9999 23:59:59 GMT"}}) == 3'600'000);
  for (const char* text :
       {"", "-1", "+1", "1e3", ".5", "1.", "0x10", "soon", "1 2", "Sun, 06 Nov 1994 25:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Xxx 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 UTC"}) {
    CAPTURE(text);
    CHECK(wait_ms({{"retry-after", text}}) == -1);
  }
  CHECK(wait_ms({}) == -1);
}
