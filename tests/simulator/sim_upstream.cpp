#include "sim_upstream.hpp"

#include <nlohmann/json.hpp>

namespace toolpost::sim {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

/// Ends with its owner: an answer to an effect that nobody waits for never arrives.
class Pending final : public RunningEffect {
 public:
  Pending(Scheduler& loop, TimerId timer) : loop_(loop), timer_(timer) {}
  ~Pending() override { loop_.cancel(timer_); }

 private:
  Scheduler& loop_;
  TimerId timer_;
};

std::string response(int status, const json& body, std::uint64_t retry_after_ms = 0) {
  json answer = {{"status", status}, {"body", body}};
  if (retry_after_ms != 0) answer["retry_after_ms"] = retry_after_ms;
  return answer.dump();
}

}  // namespace

SimUpstream::Answer SimUpstream::decide(const EffectOrder& order, const std::string& nonce) {
  const TimePoint now = loop_.now();
  if (faults_.strikes(Fault::storm)) storm_until_ = now + up_to(60s);
  if (faults_.strikes(Fault::refuses)) return {up_to(5ms), false, Errc::unavailable, "connection refused"};
  if (faults_.strikes(Fault::resets)) return {up_to(2s), false, Errc::unavailable, "connection reset"};
  if (faults_.strikes(Fault::is_silent)) return {{}, true, Errc::ok, {}};
  if (faults_.strikes(Fault::stalls_in_stream))
    return {15s, false, Errc::deadline, "http.stream_idle_ms = 15000 passed"};
  if (now < storm_until_ || faults_.strikes(Fault::fails_500))
    return {up_to(300ms), false, Errc::ok, response(500, "internal error")};
  if (faults_.strikes(Fault::throttles_rate))
    return {up_to(50ms), false, Errc::ok, response(429, "rate limit per minute", random_.below(5000))};
  if (faults_.strikes(Fault::absurd_retry_after))
    return {up_to(50ms), false, Errc::ok, response(429, "rate limit", 4'000'000'000)};
  if (faults_.strikes(Fault::throttles_concurrency))
    return {up_to(50ms), false, Errc::ok, response(429, "too many concurrent requests")};
  if (faults_.strikes(Fault::wants_money))
    return {up_to(50ms), false, Errc::ok, response(402, "payment required")};
  if (faults_.strikes(Fault::denies_key))
    return {up_to(50ms), false, Errc::ok, response(401, "invalid api key")};
  if (faults_.strikes(Fault::blocks_content))
    return {up_to(50ms), false, Errc::ok, response(400, "content policy")};
  if (faults_.strikes(Fault::answers_nonsense)) return {up_to(50ms), false, Errc::ok, response(200, 42)};
  Answer answer{up_to(800ms), false, Errc::ok, response(200, "answer to " + nonce), true};
  if (faults_.strikes(Fault::is_slow)) answer.after = up_to(40s);
  if (faults_.strikes(Fault::answers_at_the_deadline))
    answer.after = std::max<Duration>(Duration{0}, order.bound.deadline.at() - now);
  if (faults_.strikes(Fault::answers_huge)) answer.result = response(200, std::string(300 << 10, 'h'));
  return answer;
}

std::unique_ptr<RunningEffect> SimUpstream::http(const EffectOrder& order, EffectHost::Settle settle,
                                                 std::function<void()> good) {
  ++asked_;
  const std::string nonce = json::parse(order.request)["nonce"];
  const Answer answer = decide(order, nonce);
  if (answer.never) return std::make_unique<Pending>(loop_, TimerId{});
  return std::make_unique<Pending>(loop_, loop_.after(answer.after, [answer, settle, good] {
    if (answer.good) good();
    settle(answer.code, answer.result);
  }));
}

std::unique_ptr<RunningEffect> SimUpstream::file(EffectHost::Settle settle) {
  if (faults_.strikes(Fault::lane_full)) {
    settle(Errc::exhausted, "too much disk work is waiting");
    return nullptr;
  }
  const bool fails = faults_.strikes(Fault::read_fails);
  return std::make_unique<Pending>(loop_, loop_.after(up_to(10ms), [settle, fails] {
    settle(fails ? Errc::permission : Errc::ok, fails ? "outside every root" : "{\"text\":\"content\"}");
  }));
}

std::unique_ptr<RunningEffect> SimUpstream::check(std::function<void()> done) {
  return std::make_unique<Pending>(loop_, loop_.after(up_to(2ms), std::move(done)));
}

}  // namespace toolpost::sim
