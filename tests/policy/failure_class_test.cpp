#include "policy/failure_class.hpp"

#include <string>

#include "catch.hpp"

using namespace toolpost;

namespace {

FailureClass of(int status, std::string_view code, std::string_view text, std::string_view type = {}) {
  return classify({Errc::unavailable, status, code, type, text, Delivered::nothing});
}
FailureClass of(Errc code, int status = 0, Delivered delivered = Delivered::nothing) {
  return classify({code, status, {}, {}, {}, delivered});
}

}  // namespace

TEST_CASE("failure class: statuses that may pass are retried, the rest is refused", "[policy]") {
  for (const int status : {500, 502, 503, 520, 529, 425})
    CHECK(of(status, "", "") == FailureClass::retryable_unavailable);
  for (const int status : {408, 504, 522, 524}) CHECK(of(status, "", "") == FailureClass::retryable_timeout);
  for (const int status : {301, 400, 401, 403, 404, 409, 413, 422, 499, 501, 505})
    CHECK(of(status, "", "") == FailureClass::refused);
  CHECK(of(402, "", "") == FailureClass::money);
  CHECK(of(429, "", "") == FailureClass::throttled_rate);
}

TEST_CASE("failure class: without a status our own error decides", "[policy]") {
  CHECK(of(Errc::deadline) == FailureClass::retryable_timeout);
  CHECK(of(Errc::unavailable) == FailureClass::retryable_unavailable);
  CHECK(of(Errc::bad_upstream) == FailureClass::retryable_unavailable);
  CHECK(of(Errc::rate_limited) == FailureClass::throttled_rate);
  CHECK(of(Errc::exhausted) == FailureClass::money);
  for (const Errc code : {Errc::invalid_input, Errc::permission, Errc::unauthenticated, Errc::content_blocked,
                          Errc::context_too_long, Errc::breaker_open, Errc::shed, Errc::in_doubt,
                          Errc::crashed, Errc::protocol, Errc::nondeterministic})
    CHECK(of(code) == FailureClass::refused);
}

TEST_CASE("failure class: a stream that stalls after status 200 is a timeout until content was delivered",
          "[policy]") {
  CHECK(of(Errc::deadline, 200) == FailureClass::retryable_timeout);
  CHECK(of(Errc::deadline, 200, Delivered::content) == FailureClass::committed);
  CHECK(of(Errc::unavailable, 503, Delivered::content) == FailureClass::committed);
}

TEST_CASE("failure class: a cancellation is one whatever else is known", "[policy]") {
  CHECK(of(Errc::cancelled, 503, Delivered::content) == FailureClass::cancelled);
  CHECK(of(Errc::cancelled) == FailureClass::cancelled);
}

TEST_CASE("failure class: a 429 that means money is told apart for each known provider", "[policy]") {
  CHECK(of(429, "insufficient_quota",
           "You exceeded your current quota, please check your plan and billing details.") ==
        FailureClass::money);
  CHECK(of(429, "", "You exceeded your current quota, please check your plan and billing details.") ==
        FailureClass::money);
  CHECK(of(429, "enforced_spend_limit_reached", "", "rate_limit_error") == FailureClass::money);
  CHECK(of(429, "1113", "Insufficient balance or no resource package. Please recharge.") ==
        FailureClass::money);
  CHECK(of(429, "1308", "Usage limit reached for 5 hour. Your limit will reset at 12:00") ==
        FailureClass::money);
  CHECK(of(429, "exceeded_current_quota_error",
           "Your account is suspended, please check your plan and billing") == FailureClass::money);
  CHECK(of(429, "RESOURCE_EXHAUSTED",
           "Quota exceeded for metric: generate_requests, quotaId: RequestsPerDayPerProject") ==
        FailureClass::money);
  CHECK(of(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted") == FailureClass::money);
  CHECK(of(429, "", "You've reached your usage limit for this period") == FailureClass::money);
}

TEST_CASE("failure class: a 429 that means rate stays one although it mentions billing or quota",
          "[policy]") {
  CHECK(of(429, "rate_limit_exceeded",
           "Rate limit reached for gpt-x on tokens per min (TPM): Limit 30000. Visit /account/billing to add "
           "a payment "
           "method and check your plan and billing details.") == FailureClass::throttled_rate);
  CHECK(of(429, "RESOURCE_EXHAUSTED",
           "You exceeded your current quota, please check your plan and billing details. Quota exceeded for "
           "metric "
           "GenerateRequestsPerMinutePerProject. Please retry in 23.4s.") == FailureClass::throttled_rate);
  CHECK(of(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).") ==
        FailureClass::throttled_rate);
  CHECK(of(429, "",
           "This request would exceed your organization's rate limit of 50,000 input tokens per minute",
           "rate_limit_error") == FailureClass::throttled_rate);
  CHECK(of(429, "engine_overloaded_error", "The engine is currently overloaded, please try again later") ==
        FailureClass::throttled_rate);
  CHECK(of(429, "1305", "Rate limit triggered") == FailureClass::throttled_rate);
}

TEST_CASE("failure class: a 429 that means concurrency is told apart", "[policy]") {
  CHECK(of(429, "1302", "High concurrency usage of this API") == FailureClass::throttled_concurrency);
  CHECK(of(429, "rate_limit_reached_error",
           "Your account reached max organization concurrency: 3, please try again after 1 seconds") ==
        FailureClass::throttled_concurrency);
  CHECK(of(429, "", "Too many CONCURRENT requests") == FailureClass::throttled_concurrency);
}

TEST_CASE("failure class: money comes under other statuses too", "[policy]") {
  CHECK(of(400, "invalid_request_error", "Your credit balance is too low to access the API.") ==
        FailureClass::money);
  CHECK(of(403, "", "Insufficient balance") == FailureClass::money);
  CHECK(of(403, "", "Model not allowed") == FailureClass::refused);
  CHECK(of(500, "insufficient_quota", "") == FailureClass::money);
  CHECK(of(500, "", "internal error in the quota exceeded checker") == FailureClass::retryable_unavailable);
}

TEST_CASE("failure class: a refusal inside a stream of status 200 is read from its words", "[policy]") {
  CHECK(of(200, "1302", "") == FailureClass::throttled_concurrency);
  CHECK(of(200, "insufficient_quota", "") == FailureClass::money);
  CHECK(of(200, "", "Overloaded", "overloaded_error") == FailureClass::retryable_unavailable);
  CHECK(of(200, "content_filter", "") == FailureClass::refused);
  CHECK(of(200, "context_length_exceeded", "") == FailureClass::refused);
  CHECK(of(200, "rate_limit_exceeded", "") == FailureClass::throttled_rate);
  CHECK(of(200, "something new", "") == FailureClass::retryable_unavailable);  // as our own error says
}

TEST_CASE("failure class: words of the upstream do not turn our own refusals into its failures", "[policy]") {
  CHECK(classify({Errc::permission, 0, "overloaded_error", {}, {}, Delivered::nothing}) ==
        FailureClass::refused);
  CHECK(classify({Errc::breaker_open, 0, "rate_limit_error", {}, {}, Delivered::nothing}) ==
        FailureClass::refused);
}

TEST_CASE("failure class: only the first 4096 bytes of a message are read", "[policy]") {
  const std::string words = "insufficient balance";
  CHECK(of(429, "", std::string(4096 - words.size(), 'x') + words) == FailureClass::money);
  CHECK(of(429, "", std::string(4097 - words.size(), 'x') + words) == FailureClass::throttled_rate);
}

TEST_CASE("failure class: each has its word", "[policy]") {
  for (unsigned kind = 0; kind < 8; ++kind) CHECK_FALSE(name(static_cast<FailureClass>(kind)).empty());
  CHECK(name(FailureClass::money) == "money");
}
