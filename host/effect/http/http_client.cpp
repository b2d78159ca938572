#include "effect/http/http_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

#include "effect/http/http_transfer.hpp"

namespace toolpost {
class HttpClient::Shell {
 public:
  Shell(EventLoop& loop, const HttpSettings& settings);
  ~Shell();

  HttpRequestId start(HttpCall call, std::function<void(HttpOutcome)> done,
                      std::function<void(HttpProgress)> progress);
  void cancel(HttpRequestId id);
  std::size_t running() const { return running_; }
  std::size_t waiting() const { return queue_.size(); }

 private:
  static int on_socket(CURL*, curl_socket_t fd, int what, void* shell, void*) noexcept;
  static int on_timer(CURLM*, long ms, void* shell) noexcept;

  void act(curl_socket_t fd, int events);
  void arm_curl(long ms);
  void arm(HttpTransfer& transfer);
  void timer_fired(HttpRequestId id);
  void begin_hop(HttpTransfer& transfer);
  void begin_waiting();
  void leave(HttpTransfer& transfer);
  void report_progress();
  void collect_ended();
  void finish(HttpRequestId id);

  EventLoop& loop_;
  const HttpSettings& settings_;
  CURLM* multi_ = nullptr;

  std::map<curl_socket_t, std::unique_ptr<EventLoop::Watch>> watches_;
  TimerId curl_timer_;
  std::map<HttpRequestId, std::unique_ptr<HttpTransfer>> transfers_;
  std::vector<HttpRequestId> touched_;  // had news since the last report
  std::deque<HttpRequestId> queue_;     // not begun, in order
  std::size_t running_ = 0;
  std::uint64_t last_id_ = 0;
};

HttpClient::Shell::Shell(EventLoop& loop, const HttpSettings& settings) : loop_(loop), settings_(settings) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  multi_ = curl_multi_init();
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Shell::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Shell::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(settings.connections_max));
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
}

HttpClient::Shell::~Shell() {
  for (auto& [id, transfer] : transfers_) leave(*transfer);
  transfers_.clear();
  curl_multi_cleanup(multi_);  // still calls on_socket, so the members must be alive
  loop_.cancel(curl_timer_);
  watches_.clear();
  curl_global_cleanup();
}

int HttpClient::Shell::on_socket(CURL*, curl_socket_t fd, int what, void* context, void*) noexcept {
  auto& shell = *static_cast<Shell*>(context);
  if (what == CURL_POLL_REMOVE) {
    shell.watches_.erase(fd);
    return 0;
  }
  using Interest = EventLoop::Interest;
  const Interest interest = what == CURL_POLL_IN      ? Interest::read
                            : what == CURL_POLL_OUT   ? Interest::write
                            : what == CURL_POLL_INOUT ? Interest::read_write
                                                      : Interest::none;
  auto& watch = shell.watches_[fd];
  if (watch) {
    watch->want(interest);
    return 0;
  }
  watch = shell.loop_.watch(fd, interest, [&shell, fd](Interest ready) {
    shell.act(fd, ready == Interest::write ? CURL_CSELECT_OUT : CURL_CSELECT_IN);
  });
  return 0;
}

int HttpClient::Shell::on_timer(CURLM*, long ms, void* context) noexcept {
  static_cast<Shell*>(context)->arm_curl(ms);
  return 0;
}

void HttpClient::Shell::arm_curl(long ms) {
  loop_.cancel(curl_timer_);
  curl_timer_ = {};
  if (ms < 0) return;
  curl_timer_ = loop_.after(Millis(ms), [this] {
    curl_timer_ = {};
    act(CURL_SOCKET_TIMEOUT, 0);
    // The loop's time is that of the round, so curl may find that nothing is due yet; it does not ask again
    // by itself.
    long again = -1;
    if (!curl_timer_ && curl_multi_timeout(multi_, &again) == CURLM_OK && again >= 0)
      arm_curl(std::max(again, 1L));
  });
}

/// The only place that lets curl work. No callback of the caller runs inside of it.
void HttpClient::Shell::act(curl_socket_t fd, int events) {
  int still_running = 0;
  curl_multi_socket_action(multi_, fd, events, &still_running);
  report_progress();
  collect_ended();
}

HttpRequestId HttpClient::Shell::start(HttpCall call, std::function<void(HttpOutcome)> done,
                                       std::function<void(HttpProgress)> progress) {
  auto made = std::make_unique<HttpTransfer>(std::move(call), settings_, loop_, touched_);
  HttpTransfer& transfer = *made;
  transfer.id = HttpRequestId{++last_id_};
  transfer.done = std::move(done);
  transfer.progress = std::move(progress);
  transfers_.emplace(transfer.id, std::move(made));
  if (queue_.size() >= settings_.queue_size_max) {
    transfer.exchange.fail(
        Error{Errc::exhausted,
              transfer.exchange.describe() + ": as many calls wait already as http.queue_size_max = " +
                  std::to_string(settings_.queue_size_max) + " lets wait for one of http.connections_max = " +
                  std::to_string(settings_.connections_max) + " connections"});
  }
  if (!transfer.exchange.failed()) {
    queue_.push_back(transfer.id);
    begin_waiting();
  }
  arm(transfer);
  return transfer.id;
}

void HttpClient::Shell::begin_waiting() {
  while (!queue_.empty() && running_ < settings_.connections_max) {
    HttpTransfer& transfer = *transfers_.at(queue_.front());
    queue_.pop_front();
    ++running_;
    transfer.begun = true;
    begin_hop(transfer);
  }
}

void HttpClient::Shell::begin_hop(HttpTransfer& transfer) {
  transfer.exchange.begin_hop(loop_.now());
  transfer.in_multi = transfer.prepare() && curl_multi_add_handle(multi_, transfer.easy) == CURLM_OK;
  if (!transfer.in_multi)
    transfer.exchange.fail(Error{Errc::exhausted, "http: no memory for another transfer"});
  arm(transfer);
}

/// Makes sure that the exchange is asked when it is due. A later due time keeps the early timer, which then
/// re-arms: content may arrive thousands of times a second.
void HttpClient::Shell::arm(HttpTransfer& transfer) {
  const TimePoint due = transfer.exchange.due();
  if (transfer.timer && transfer.timer_at <= due) return;
  loop_.cancel(transfer.timer);
  transfer.timer_at = due;
  transfer.timer = loop_.at(due, [this, id = transfer.id] { timer_fired(id); });
}

void HttpClient::Shell::timer_fired(HttpRequestId id) {
  HttpTransfer& transfer = *transfers_.at(id);  // the timer goes with the transfer
  transfer.timer = {};
  if (transfer.exchange.overdue(loop_.now())) {
    finish(id);
  } else {
    arm(transfer);
  }
}

/// Takes the transfer away from curl. Its connection is kept only if the answer was complete.
void HttpClient::Shell::leave(HttpTransfer& transfer) {
  if (transfer.in_multi) curl_multi_remove_handle(multi_, transfer.easy);
  transfer.in_multi = false;
}

void HttpClient::Shell::report_progress() {
  std::vector<HttpRequestId> ids;
  ids.swap(touched_);
  for (const HttpRequestId id : ids) {
    const auto found = transfers_.find(id);  // an earlier callback may have cancelled it
    if (found == transfers_.end()) continue;
    found->second->is_touched = false;
    arm(*found->second);
    const auto news = found->second->exchange.take_progress();
    if (!news || !found->second->progress) continue;
    const auto progress = found->second->progress;  // kept alive should it cancel its own call
    progress(*news);
  }
}

void HttpClient::Shell::collect_ended() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    void* context = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &context);
    auto& transfer = *static_cast<HttpTransfer*>(context);
    std::optional<Error> error;
    if (message->data.result != CURLE_OK) error = transfer.error(message->data.result);
    leave(transfer);  // the message is gone with it
    if (transfer.exchange.end_hop(std::move(error), loop_.now()) == HttpExchange::Next::follow) {
      begin_hop(transfer);
    } else {
      finish(transfer.id);
    }
  }
}

void HttpClient::Shell::finish(HttpRequestId id) {
  auto node = transfers_.extract(id);
  HttpTransfer& transfer = *node.mapped();
  leave(transfer);
  if (transfer.begun)
    --running_;
  else
    std::erase(queue_, id);
  begin_waiting();
  // The wall clock is needed for Retry-After dates only, and only if the upstream sends no Date.
  const auto unix_now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
  const auto done = std::move(transfer.done);
  done(transfer.exchange.take_outcome(loop_.now(), unix_now));
}

void HttpClient::Shell::cancel(HttpRequestId id) {
  auto node = transfers_.extract(id);
  if (node.empty()) return;
  leave(*node.mapped());
  if (node.mapped()->begun)
    --running_;
  else
    std::erase(queue_, id);
  begin_waiting();
}

HttpClient::HttpClient(EventLoop& loop, const HttpSettings& settings)
    : shell_(std::make_unique<Shell>(loop, settings)) {}
HttpClient::~HttpClient() = default;

HttpRequestId HttpClient::start(HttpCall call, std::function<void(HttpOutcome)> done,
                                std::function<void(HttpProgress)> progress) {
  return shell_->start(std::move(call), std::move(done), std::move(progress));
}
void HttpClient::cancel(HttpRequestId id) {
  shell_->cancel(id);
}
std::size_t HttpClient::running() const {
  return shell_->running();
}
std::size_t HttpClient::waiting() const {
  return shell_->waiting();
}

}  // namespace toolpost
