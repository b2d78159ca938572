#include "runtime/recent_calls.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace toolpost {

using nlohmann::json;

namespace {

json as_json(const EndedCall& call) {
  json one = {{"ended_ms", call.ended_ms},         {"tool", call.tool},   {"outcome", name(call.code)},
              {"elapsed_ms", to_ms(call.elapsed)}, {"turns", call.turns}, {"attempts", call.use.attempts},
              {"tokens", call.use.tokens}};
  if (!call.use.cost.empty()) one["cost"] = call.use.cost;
  return one;
}

}  // namespace

void RecentCalls::keep(std::size_t calls_max) {
  calls_max_ = calls_max;
  trim();
}

void RecentCalls::trim() {
  while (calls_.size() > calls_max_) calls_.pop_front();
}

void RecentCalls::add(EndedCall call) {
  calls_.push_back(std::move(call));
  trim();
}

json RecentCalls::of(OwnerId owner, std::size_t count_max) const {
  std::deque<const EndedCall*> last;
  for (auto call = calls_.rbegin(); call != calls_.rend() && last.size() < count_max; ++call)
    if (call->owner == owner) last.push_front(&*call);
  json list = json::array();
  for (const EndedCall* call : last) list.push_back(as_json(*call));
  return list;
}

NotedCall::NotedCall(const std::shared_ptr<RecentCalls>& list, const Scheduler& time, OwnerId owner,
                     std::string tool, Cancelled cancelled)
    : list_(list), time_(time), begun_(time.now()), cancelled_(std::move(cancelled)) {
  call_.owner = owner;
  call_.tool = std::move(tool);
}

NotedCall::~NotedCall() {
  if (ended_) return;
  CallOutcome dropped;
  dropped.code = Errc::cancelled;
  if (list_.expired()) return;
  dropped.elapsed = time_.now() - begun_;
  if (cancelled_) cancelled_(dropped);
  end(dropped);
}

void NotedCall::end(const CallOutcome& outcome) {
  const auto list = list_.lock();
  if (std::exchange(ended_, true) || !list) return;
  call_.ended_ms = time_.wall_ms();
  call_.code = outcome.code;
  call_.elapsed = time_.now() - begun_;
  call_.turns = outcome.turns;
  call_.use = outcome.use;
  list->add(std::move(call_));
}

}  // namespace toolpost
