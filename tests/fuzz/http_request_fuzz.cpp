// The JSON of the http effect: an accepted request fits the wire, and a response is JSON without the secret.
#include <nlohmann/json.hpp>

#include "effect/http/http_request.hpp"
#include "fuzz.hpp"
#include "json/utf8.hpp"

using namespace toolpost;

namespace {

constexpr std::string_view kSecret = "s3cret-value";

void check_request(const HttpRequest& request) {
  const bool has_body = request.method == "POST" || request.method == "PUT";
  hold(has_body || request.method == "GET" || request.method == "DELETE", "only four methods");
  hold(!has_body || request.body.has_value(), "POST and PUT have a body");
  hold(request.headers.size() <= request_headers_max + 2, "headers are bounded");
  for (const auto& [name, value] : request.headers)
    hold(check_request_header(name, value).has_value(), "every header is one that may be sent");
  hold(is_header_value(request.idempotency_key), "the idempotency key fits a header");
  hold(parse_url(to_string(request.url)).has_value(), "the URL is one that can be written");
}

void check_response(std::string_view body, const std::vector<std::string>& pointers) {
  HttpResponse response;
  response.status = 200;
  response.headers = {{"content-type", "application/json"}};
  response.body = body;
  const auto text = http_response_to_json(response, kSecret);
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  hold(json.is_object() && json.value("status", 0) == 200, "a response is JSON");
  hold(json.dump().find(kSecret) == std::string::npos, "a response does not hold the secret");
  response.streamed = true;
  response.events = {{"message", std::string(body)}};
  hold(nlohmann::json::accept(http_response_to_json(response, kSecret)), "a streamed response is JSON");
  (void)has_content(body, pointers);
}

}  // namespace

/// A request, then behind a line of three dashes the body of a response.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view body = fuzz_text(data, size);
  const auto request = http_request_from_json(take_until(body, "\n---\n"));
  if (request) {
    check_request(*request);
  } else {
    hold(request.error().code == Errc::invalid_input, "a bad request is the caller's fault");
    hold(request.error().message.size() <= 2048, "a refusal is bounded");
    hold(is_valid_utf8(request.error().message), "a refusal is UTF-8");
  }
  check_response(body, request ? request->content_pointers : std::vector<std::string>{"/a/0/b"});
  return 0;
}
