#pragma once
// From what a model server said went wrong to the status that a call fails with. The host decides by that
// status whether to try again; above all a 429 is told apart into rate, concurrency and money.

#include <toolpost/plugin.hpp>
#include <toolpost/provider/told_wait.hpp>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace toolpost::provider {

/// An error as a server sent it, with a status or inside an answer of status 200.
struct Upstream {
  int status = 0;    // of HTTP; of an error inside a good answer, what fits its code
  std::string code;  // the server's own word or number for it
  std::string words;
  std::uint32_t retry_after_ms = 0;
};

inline std::string lower_text(std::string text) {
  for (char& letter : text)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return text;
}

inline bool mentions(std::string_view text, std::initializer_list<const char*> words) {
  for (const char* word : words)
    if (text.find(word) != std::string_view::npos) return true;
  return false;
}

inline bool is_any(std::string_view text, std::initializer_list<const char*> words) {
  for (const char* word : words)
    if (text == word) return true;
  return false;
}

inline std::string text_or_number(const json& object, const char* key) {
  if (!object.is_object() || !object.contains(key)) return {};
  const json& value = object[key];
  return value.is_string() ? value.get<std::string>() : value.is_number_integer() ? value.dump() : "";
}

/// The error in a body, in any of the shapes that servers use: {"error": {...}}, {"error": "words"},
/// [{"error": ...}], {"code", "message"}, {"code", "msg"}, {"detail"}. Empty words and code if there is none.
inline Upstream read_error(const json& body) {
  Upstream found;
  if (body.is_array()) return body.empty() ? found : read_error(body[0]);
  if (!body.is_object()) return found;
  const json& error = body.contains("error") ? body["error"] : body;
  if (error.is_string()) {
    found.words = error.get<std::string>();
    found.code = text_or_number(body, "code");
  }
  for (const char* key : {"message", "msg", "detail"})
    if (found.words.empty()) found.words = text_or_number(error, key);
  // A code of three digits is the HTTP status over again (Gemini, OpenRouter); OpenAI's may be null beside a
  // type.
  for (const char* key : {"code", "status", "type"}) {
    const std::string word = text_or_number(error, key);
    const bool is_status = word.size() == 3 && word.find_first_not_of("0123456789") == std::string::npos;
    if (is_status && found.status == 0) found.status = std::stoi(word);
    if (!is_status && found.code.empty()) found.code = word;
  }
  found.retry_after_ms = told_wait_ms(error, lower_text(found.words.substr(0, 2000)));
  found.words = found.words.substr(0, 500);
  found.code = found.code.substr(0, 100);
  return found;
}

/// The HTTP status that an error inside an answer of status 200 amounts to. Four digits are Z.AI's numbers.
inline int status_of_code(const std::string& code) {
  const std::string word = lower_text(code);
  if (is_any(word, {"1302", "1303", "1305", "1308", "1309", "1310", "1311", "1304", "1113", "429"}))
    return 429;
  if (is_any(word,
             {"1000", "1001", "1002", "1003", "1004", "1110", "1111", "1112", "1121", "authentication_error",
              "invalid_api_key", "unauthenticated", "invalid_authentication_error"}))
    return 401;
  if (is_any(word, {"1301", "1261", "1210", "1212", "1213", "1214", "1215", "1300", "invalid_request_error",
                    "invalid_argument", "content_filter"}))
    return 400;
  if (is_any(word, {"1220", "permission_error", "permission_denied"})) return 403;
  if (is_any(word, {"1211", "1221", "1222", "not_found_error", "not_found", "model_not_found",
                    "resource_not_found_error"}))
    return 404;
  if (mentions(word, {"rate_limit", "quota", "resource_exhausted", "too_many", "engine_overloaded",
                      "insufficient", "balance", "billing"}))
    return 429;
  return 503;
}

enum class Limit { rate, concurrency, money };

/// Which of the three a 429 means. Phrases of a rate count before phrases of money: a plain rate limit likes
/// to mention the billing page.
inline Limit limit_of(const Upstream& upstream) {
  const std::string code = lower_text(upstream.code);
  const std::string words = lower_text(upstream.words);
  if (is_any(code, {"1113", "1304", "1308", "1309", "1310", "1311"}) ||
      mentions(code, {"insufficient", "quota_exceeded", "exceeded_current_quota", "billing", "balance",
                      "credit", "payment", "spend_limit", "usage_limit"}))
    return Limit::money;
  if (mentions(words, {"per day", "perday", "(rpd)", "(tpd)", "daily limit", "daily quota"}))
    return Limit::money;
  if (is_any(code, {"1302"}) ||
      mentions(code + " " + words, {"concurren", "parallel requests", "simultaneous"}))
    return Limit::concurrency;
  if (is_any(code, {"1303", "1305"}) ||
      mentions(words, {"per minute", "perminute", "per second", "rate limit", "rate-limit", "(rpm)", "(tpm)",
                       "try again in", "retry in", "too many requests", "overloaded"}))
    return Limit::rate;
  if (mentions(words,
               {"balance", "billing", "insufficient", "credit", "resource package", "arrears", "recharge",
                "exceeded your current quota", "quota exceeded", "suspended", "spend", "usage limit"}))
    return Limit::money;
  return Limit::rate;
}

/// Fails the call with what `server` said.
[[noreturn]] inline void fail(const std::string& server, const Upstream& upstream) {
  const std::string hint = lower_text(upstream.code + " " + upstream.words);
  std::string what = server + " answered HTTP " + std::to_string(upstream.status);
  const auto said = [&] {
    std::string text = what;
    if (!upstream.words.empty()) text += ": " + upstream.words;
    if (!upstream.code.empty()) text += " (" + upstream.code + ")";
    return text;
  };
  const int status = upstream.status;
  if (status == 402) throw Error(TOOLPOST_EXHAUSTED, said());
  if (status == 429) {
    const Limit limit = limit_of(upstream);
    if (limit == Limit::money) throw Error(TOOLPOST_EXHAUSTED, said());
    what += limit == Limit::concurrency ? ", a concurrency limit" : ", a rate limit";
    throw Error(TOOLPOST_RATE_LIMITED, said(), upstream.retry_after_ms);
  }
  // Anthropic says 400 and OpenAI-like servers say 403 when the account is empty.
  if ((status == 400 || status == 403) &&
      mentions(hint, {"credit balance", "insufficient balance", "insufficient_balance", "billing"}))
    throw Error(TOOLPOST_EXHAUSTED, said());
  if (status == 413 ||
      mentions(hint, {"context_length", "context length", "maximum context", "too many tokens",
                      "prompt is too long", "1261", "exceeds the maximum number of tokens",
                      "exceeded model token limit", "request_too_large"}))
    throw Error(TOOLPOST_CONTEXT_TOO_LONG, said());
  if (mentions(hint, {"content_filter", "content policy", "content_policy", "1301", "responsibleaipolicy",
                      "high risk", "unsafe or sensitive"}))
    throw Error(TOOLPOST_CONTENT_BLOCKED, said());
  if (status == 401 || status == 403)
    throw Error(TOOLPOST_UNAUTHENTICATED, said() + "; check the key of this provider");
  if (status == 404) throw Error(TOOLPOST_NOT_FOUND, said());
  if (status == 408 || status == 409 || status == 425 || status >= 500)
    throw Error(TOOLPOST_UNAVAILABLE, said(), upstream.retry_after_ms);
  if (status >= 400) throw Error(TOOLPOST_INVALID_INPUT, said());
  throw Error(TOOLPOST_BAD_UPSTREAM, said() + ", which no model server should");
}

/// Returns when the http effect's result has a good status, else fails the call.
inline void check_status(const std::string& server, const json& response) {
  const int status = response.value("status", 0);
  if (status >= 200 && status < 300) return;
  Upstream upstream = read_error(response.value("body_json", json()));
  if (upstream.words.empty() && response.contains("body_text"))
    upstream.words = response.value("body_text", "").substr(0, 200);
  upstream.status = status;
  // The host reads headers and their dates; what it found counts before the body's words.
  if (const std::uint32_t told = response.value("retry_after_ms", 0u); told > 0)
    upstream.retry_after_ms = told;
  fail(server, upstream);
}

/// Fails the call with an error that came inside an answer of status 200.
[[noreturn]] inline void fail_inside(const std::string& server, const json& body) {
  Upstream upstream = read_error(body);
  if (upstream.status < 400 || upstream.status > 599) upstream.status = status_of_code(upstream.code);
  fail(server, upstream);
}

}  // namespace toolpost::provider
