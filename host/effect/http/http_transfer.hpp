#pragma once
// One call's half of libcurl: the options of its handle and the callbacks that feed its HttpExchange. Used by
// the client alone; only the two .cpp files see curl's headers.

#include <functional>
#include <string>
#include <vector>

#include "base/event_loop.hpp"
#include "effect/http/http_client.hpp"
#include "effect/http/http_exchange.hpp"

struct curl_slist;

namespace toolpost {

struct HttpTransfer {
  /// Lifetime: borrows all but the call.
  HttpTransfer(HttpCall call, const HttpSettings& http_settings, EventLoop& event_loop,
               std::vector<HttpRequestId>& touched_ids);
  ~HttpTransfer();
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  /// Makes the handle ready for the exchange's current hop. False: out of memory.
  bool prepare();
  /// What libcurl's code (a CURLcode other than CURLE_OK) means for the caller.
  Error error(int code) const;
  /// Puts the id on the client's list: its timer or its progress has news.
  void touch();

  HttpExchange exchange;
  EventLoop& loop;
  const HttpSettings& settings;
  std::vector<HttpRequestId>& touched;

  HttpRequestId id{};
  std::function<void(HttpOutcome)> done;
  std::function<void(HttpProgress)> progress;
  bool begun = false;  // has left the queue
  bool in_multi = false;
  bool is_touched = false;
  TimerId timer;  // fires at timer_at, which is never after exchange.due()
  TimePoint timer_at{};

  void* easy = nullptr;                // a CURL*, owned
  curl_slist* header_lines = nullptr;  // owned, borrowed by `easy`
  std::size_t body_sent = 0;
  std::string reason;  // CURL_ERROR_SIZE bytes for curl to write to, NUL-terminated
};

}  // namespace toolpost
