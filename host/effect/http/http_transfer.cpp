#include "effect/http/http_transfer.hpp"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>

#include "effect/http/private_address.hpp"

namespace toolpost {
namespace {

constexpr long kept_connection_age_max_s = 60;  // idle longer, it is likely closed by the server

// Callbacks that curl makes for one transfer. They are noexcept: nothing may unwind through C, so running out
// of memory here ends the host.

curl_socket_t open_socket(void* context, curlsocktype, curl_sockaddr* address) noexcept {
  auto& transfer = *static_cast<HttpTransfer*>(context);
  if (!transfer.exchange.permit_address(is_private_address(&address->addr))) return CURL_SOCKET_BAD;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/// Runs for new and for kept connections, so a connection that another call opened grants nothing.
int before_sending(void* context, char* remote_ip, char*, int, int) noexcept {
  auto& transfer = *static_cast<HttpTransfer*>(context);
  const bool permitted = transfer.exchange.permit_address(is_private_address(std::string(remote_ip))) &&
                         transfer.exchange.permit_sending(transfer.loop.now());
  transfer.touch();
  return permitted ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

std::size_t read_body(char* buffer, std::size_t size, std::size_t count, void* context) noexcept {
  auto& transfer = *static_cast<HttpTransfer*>(context);
  const std::string& body = *transfer.exchange.body();
  const std::size_t part = std::min(size * count, body.size() - transfer.body_sent);
  body.copy(buffer, part, transfer.body_sent);
  transfer.body_sent += part;
  transfer.exchange.note_upload(transfer.loop.now());
  return part;
}

int seek_body(void* context, curl_off_t offset, int origin) noexcept {
  auto& transfer = *static_cast<HttpTransfer*>(context);
  if (origin != SEEK_SET || offset < 0 ||
      static_cast<std::size_t>(offset) > transfer.exchange.body()->size()) {
    return CURL_SEEKFUNC_FAIL;
  }
  transfer.body_sent = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

std::size_t take_header(char* line, std::size_t size, std::size_t count, void* context) noexcept {
  auto& transfer = *static_cast<HttpTransfer*>(context);
  const bool more = transfer.exchange.take_header_line({line, size * count}, transfer.loop.now());
  transfer.touch();
  return more ? size * count : 0;
}

std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* context) noexcept {
  auto& transfer = *static_cast<HttpTransfer*>(context);
  const bool more = transfer.exchange.take_body({bytes, size * count}, transfer.loop.now());
  transfer.touch();
  return more ? size * count
              : size * count + 1;  // anything but the size stops; 0 would not, for an empty part
}

template <typename Function>
void set_callback(CURL* easy, CURLoption function_option, Function function, CURLoption context_option,
                  HttpTransfer& transfer) {
  curl_easy_setopt(easy, function_option, function);
  curl_easy_setopt(easy, context_option, &transfer);
}

/// Everything that is the same for all calls, and closed by default.
void set_common(CURL* easy, HttpTransfer& transfer) {
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &transfer);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.reason.data());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");  // also switches *_proxy variables off
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!transfer.settings.ca_file
           .empty())  // the system's own stay trusted, by the folder that libcurl was built with
    curl_easy_setopt(easy, CURLOPT_CAINFO, transfer.settings.ca_file.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // Without it, cancelling would wait for the resolver's thread. QUICK_EXIT lets that thread end on its own.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);  // our reading of the URL is the only one
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kept_connection_age_max_s);
  curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE,
                   static_cast<curl_off_t>(transfer.settings.body_bytes_max));
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "toolpost");
  set_callback(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket, CURLOPT_OPENSOCKETDATA, transfer);
  set_callback(easy, CURLOPT_PREREQFUNCTION, before_sending, CURLOPT_PREREQDATA, transfer);
  set_callback(easy, CURLOPT_HEADERFUNCTION, take_header, CURLOPT_HEADERDATA, transfer);
  set_callback(easy, CURLOPT_WRITEFUNCTION, take_body, CURLOPT_WRITEDATA, transfer);
}

void set_request(CURL* easy, HttpTransfer& transfer) {
  const HttpExchange& exchange = transfer.exchange;
  curl_easy_setopt(easy, CURLOPT_URL, to_string(exchange.url()).c_str());
  // A compressing server may hold a stream back; decoding is on for both in case it compresses anyway.
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, exchange.wants_stream() ? "identity" : "gzip, deflate");
  if (exchange.body() != nullptr) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(exchange.body()->size()));
    set_callback(easy, CURLOPT_READFUNCTION, read_body, CURLOPT_READDATA, transfer);
    set_callback(easy, CURLOPT_SEEKFUNCTION, seek_body, CURLOPT_SEEKDATA, transfer);
  }
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, exchange.method().c_str());
  curl_slist_free_all(transfer.header_lines);
  transfer.header_lines = nullptr;
  const HttpHeaders headers = exchange.request_headers();
  std::vector<std::string> lines{"Expect:"};  // no waiting for "100 Continue"
  for (const auto& [name, value] : headers) {
    lines.push_back(value.empty() ? name + ";" : name + ": " + value);  // curl's way to send an empty value
  }
  if (exchange.body() != nullptr && find_header(headers, "content-type").empty()) {
    lines.emplace_back("Content-Type:");  // else curl claims that it is a form
  }
  for (const std::string& line : lines)
    transfer.header_lines = curl_slist_append(transfer.header_lines, line.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.header_lines);
}

}  // namespace

HttpTransfer::HttpTransfer(HttpCall call, const HttpSettings& http_settings, EventLoop& event_loop,
                           std::vector<HttpRequestId>& touched_ids)
    : exchange(std::move(call), http_settings, event_loop.now()),
      loop(event_loop),
      settings(http_settings),
      touched(touched_ids),
      reason(CURL_ERROR_SIZE, '\0') {}

HttpTransfer::~HttpTransfer() {
  loop.cancel(timer);
  if (easy != nullptr) curl_easy_cleanup(easy);
  curl_slist_free_all(header_lines);
}

bool HttpTransfer::prepare() {
  if (easy == nullptr)
    easy = curl_easy_init();
  else
    curl_easy_reset(easy);
  if (easy == nullptr) return false;
  body_sent = 0;
  reason[0] = '\0';
  set_common(easy, *this);
  set_request(easy, *this);
  return true;
}

void HttpTransfer::touch() {
  if (is_touched) return;
  is_touched = true;
  touched.push_back(id);
}

// Every code not named here means an upstream that breaks the protocol.
Error HttpTransfer::error(int number) const {
  const auto code = static_cast<CURLcode>(number);
  const std::string_view detail = reason[0] != '\0' ? reason.c_str() : curl_easy_strerror(code);
  Errc errc = Errc::bad_upstream;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_HTTP2_STREAM:
    case CURLE_AGAIN:
      errc = Errc::unavailable;
      break;
    case CURLE_RECV_ERROR:
      // The same code for a reset and for a malformed chunk; only the words differ.
      if (detail.find("chunk") == std::string_view::npos) errc = Errc::unavailable;
      if (detail.find("too large") != std::string_view::npos ||
          detail.find("Too large") != std::string_view::npos) {
        errc = Errc::exhausted;
      }
      break;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      errc = Errc::permission;  // not trusted: asking again would change nothing
      break;
    case CURLE_OUT_OF_MEMORY:      // also for a header line beyond libcurl's own limit of 100 KiB
    case CURLE_FILESIZE_EXCEEDED:  // Content-Length alone is over body_bytes_max
      errc = Errc::exhausted;
      break;
    default:
      break;
  }
  std::string message = exchange.describe() + ": " + std::string(detail);
  if (code == CURLE_FILESIZE_EXCEEDED) message += " (http.body_bytes_max)";
  if (code == CURLE_PEER_FAILED_VERIFICATION)
    message += "; http.ca_file can name a private server's authority";
  if (code == CURLE_SSL_CACERT_BADFILE) message += " (http.ca_file)";
  if (code == CURLE_OUT_OF_MEMORY) message += " (or a header line over 100 KiB)";
  return Error{errc, std::move(message)};
}

}  // namespace toolpost
