#include "policy/failure_class.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <string>

namespace toolpost {
namespace {

using Words = std::span<const std::string_view>;

// Codes are compared whole, in lower case; phrases are looked for anywhere in the message.

// Numbers are Z.AI's: 1113 in arrears, 1304 daily limit, 1308 usage limit of the plan's period, 1309 plan
// expired, 1310 weekly or monthly limit, 1311 model not in the plan.
constexpr std::string_view money_codes[] = {"insufficient_quota",
                                            "billing_hard_limit_reached",
                                            "billing_not_active",
                                            "credit_balance_exhausted",
                                            "exceeded_current_quota_error",
                                            "insufficient_balance",
                                            "insufficient_balance_error",
                                            "insufficient_credits",
                                            "payment_required",
                                            "billing_error",
                                            "enforced_spend_limit_reached",
                                            "usage_limit_reached",
                                            "spend_limit_reached",
                                            "account_deactivated",
                                            "quota_exceeded",
                                            "1113",
                                            "1304",
                                            "1308",
                                            "1309",
                                            "1310",
                                            "1311"};
constexpr std::string_view concurrency_codes[] = {"1302", "concurrency_limit_exceeded",
                                                  "too_many_concurrent_requests", "concurrent_request_limit"};
constexpr std::string_view rate_codes[] = {"rate_limit_exceeded",
                                           "rate_limit_error",
                                           "rate_limit_reached_error",
                                           "resource_exhausted",
                                           "too_many_requests",
                                           "requests",
                                           "tokens",
                                           "1303",
                                           "1305",
                                           "engine_overloaded_error"};
constexpr std::string_view refused_codes[] = {"content_filter",
                                              "content_policy_violation",
                                              "safety",
                                              "prohibited_content",
                                              "blocked",
                                              "refusal",
                                              "context_length_exceeded",
                                              "string_above_max_length",
                                              "request_too_large",
                                              "invalid_request_error",
                                              "invalid_argument",
                                              "failed_precondition",
                                              "not_found",
                                              "not_found_error",
                                              "model_not_found",
                                              "permission_error",
                                              "permission_denied",
                                              "authentication_error",
                                              "invalid_api_key",
                                              "unauthenticated",
                                              "1301",
                                              "1261"};
constexpr std::string_view unavailable_codes[] = {
    "overloaded_error", "overloaded",  "server_error",        "api_error",         "internal_server_error",
    "internal",         "unavailable", "service_unavailable", "server_overloaded", "1234"};
constexpr std::string_view timeout_codes[] = {"timeout", "timeout_error", "deadline_exceeded",
                                              "request_timeout"};

// A limit that opens again tomorrow is as good as spent for a call that lives for a minute.
constexpr std::string_view daily_phrases[] = {"per day", "perday",      "(rpd)",
                                              "(tpd)",   "daily limit", "daily quota"};
constexpr std::string_view concurrency_phrases[] = {"concurren", "requests in parallel", "parallel requests",
                                                    "simultaneous requests"};
// Looked for before the money phrases: a plain rate limit likes to mention the billing page or "your quota".
constexpr std::string_view rate_phrases[] = {"per minute",
                                             "per min",
                                             "perminute",
                                             "per second",
                                             "per hour",
                                             "(rpm)",
                                             "(tpm)",
                                             "rate limit",
                                             "rate-limit",
                                             "ratelimit",
                                             "retry in ",
                                             "try again in ",
                                             "too many requests",
                                             "requests too frequent",
                                             "request frequency",
                                             "overloaded"};
constexpr std::string_view money_phrases[] = {"exceeded your current quota",
                                              "insufficient balance",
                                              "balance is not enough",
                                              "no resource package",
                                              "credit balance",
                                              "insufficient credit",
                                              "out of credits",
                                              "not enough credits",
                                              "in arrears",
                                              "recharge",
                                              "check your plan and billing",
                                              "billing hard limit",
                                              "billing is not active",
                                              "spending limit",
                                              "spend limit",
                                              "spend cap",
                                              "prepay",
                                              "usage limit",
                                              "monthly limit",
                                              "weekly limit",
                                              "quota exhausted",
                                              "quota exceeded",
                                              "account is suspended",
                                              "payment required",
                                              "subscription has expired",
                                              "plan has expired",
                                              "top up"};

bool is_one_of(std::string_view word, Words words) {
  return !word.empty() && std::find(words.begin(), words.end(), word) != words.end();
}

bool mentions(std::string_view text, Words phrases) {
  return std::any_of(phrases.begin(), phrases.end(),
                     [&](std::string_view phrase) { return text.find(phrase) != std::string_view::npos; });
}

std::string lower(std::string_view text, std::size_t size_max) {
  std::string copy(text.substr(0, size_max));
  for (char& c : copy)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return copy;
}

/// The upstream's words in lower case, made once per failure (failures are rare; successes never come here).
struct Wording {
  std::string code;
  std::string type;
  std::string text;

  explicit Wording(const FailedAttempt& attempt)
      : code(lower(attempt.upstream_code, 128)),
        type(lower(attempt.upstream_type, 128)),
        text(lower(attempt.upstream_text, 4096)) {}
  bool has_code(Words words) const { return is_one_of(code, words) || is_one_of(type, words); }
};

/// A 429, or an answer whose words say that it is one.
FailureClass classify_throttling(const Wording& said) {
  if (said.has_code(money_codes) || mentions(said.text, daily_phrases)) return FailureClass::money;
  if (said.has_code(concurrency_codes) || mentions(said.text, concurrency_phrases))
    return FailureClass::throttled_concurrency;
  if (mentions(said.text, rate_phrases)) return FailureClass::throttled_rate;
  // Gemini says RESOURCE_EXHAUSTED for both, so its code decides only when the message does not.
  if (mentions(said.text, money_phrases)) return FailureClass::money;
  return FailureClass::throttled_rate;
}

/// Answers without a telling status: refusals inside a stream of status 200, and errors that plugins report.
std::optional<FailureClass> classify_words(const Wording& said) {
  if (said.has_code(money_codes)) return FailureClass::money;
  if (said.has_code(concurrency_codes) || said.has_code(rate_codes)) return classify_throttling(said);
  if (said.has_code(unavailable_codes)) return FailureClass::retryable_unavailable;
  if (said.has_code(timeout_codes)) return FailureClass::retryable_timeout;
  if (said.has_code(refused_codes))
    return mentions(said.text, money_phrases) ? FailureClass::money : FailureClass::refused;
  return std::nullopt;
}

FailureClass classify_status(int status, const Wording& said) {
  if (status == 429) return classify_throttling(said);
  if (status == 402) return FailureClass::money;
  if (status == 408 || status == 504 || status == 522 || status == 524)
    return FailureClass::retryable_timeout;
  if (status == 425) return FailureClass::retryable_unavailable;
  if (status >= 500) {
    // Only exact codes count here: the text of a broken server is no evidence.
    if (said.has_code(money_codes)) return FailureClass::money;
    return status == 501 || status == 505 ? FailureClass::refused : FailureClass::retryable_unavailable;
  }
  if (said.has_code(money_codes)) return FailureClass::money;
  if ((status == 400 || status == 403) && mentions(said.text, money_phrases)) return FailureClass::money;
  return FailureClass::refused;
}

FailureClass classify_code(Errc code, const Wording& said) {
  switch (code) {
    case Errc::deadline:
      return FailureClass::retryable_timeout;
    case Errc::unavailable:
    case Errc::bad_upstream:
      return FailureClass::retryable_unavailable;
    case Errc::rate_limited:
      return classify_throttling(said);
    case Errc::exhausted:
      return FailureClass::money;
    case Errc::cancelled:
      return FailureClass::cancelled;
    default:
      return FailureClass::refused;
  }
}

}  // namespace

std::string_view name(FailureClass kind) {
  switch (kind) {
    case FailureClass::retryable_timeout:
      return "retryable_timeout";
    case FailureClass::retryable_unavailable:
      return "retryable_unavailable";
    case FailureClass::throttled_rate:
      return "throttled_rate";
    case FailureClass::throttled_concurrency:
      return "throttled_concurrency";
    case FailureClass::money:
      return "money";
    case FailureClass::refused:
      return "refused";
    case FailureClass::committed:
      return "committed";
    case FailureClass::cancelled:
      return "cancelled";
  }
  return "refused";
}

FailureClass classify(const FailedAttempt& attempt) {
  if (attempt.code == Errc::cancelled) return FailureClass::cancelled;
  if (attempt.delivered == Delivered::content) return FailureClass::committed;
  const Wording said(attempt);
  if (attempt.http_status >= 300) return classify_status(attempt.http_status, said);
  // What never left this host, or is the plugin's fault, is not the upstream's failure, whatever the words.
  const bool upstream_spoke = attempt.http_status >= 200 || attempt.code == Errc::rate_limited ||
                              attempt.code == Errc::unavailable || attempt.code == Errc::exhausted ||
                              attempt.code == Errc::bad_upstream;
  if (upstream_spoke)
    if (const auto kind = classify_words(said)) return *kind;
  return classify_code(attempt.code, said);
}

}  // namespace toolpost
