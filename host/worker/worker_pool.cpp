#include "worker/worker_pool.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/overload.hpp"

namespace toolpost {
namespace {

constexpr int kPacketsPerRound = 64;

// A turn's output: its parts, the requests of its effects and its log, each bounded; twice the output bound
// is ample.
std::uint64_t payload_max(const PoolPlugin& plugin) {
  return plugin.output_bytes_max * 2 + (4 << 20);
}

}  // namespace

WorkerPool::WorkerPool(EventLoop& loop, Spawner& spawner, std::uint32_t index, PoolPlugin plugin,
                       const WorkerSettings& workers, const IsolationSettings& isolation, WorkerQuota& quota,
                       Events events)
    : loop_(loop),
      spawner_(spawner),
      index_(index),
      plugin_(std::move(plugin)),
      settings_(workers),
      isolation_(isolation),
      quota_(quota),
      events_(std::move(events)),
      core_(plugin_.id, workers, plugin_.turn_max, quota.live, plugin_.turn_max_setting) {
  quota_.join(*this);
}

WorkerPool::~WorkerPool() {
  quota_.leave(*this);
  loop_.cancel(timer_);
  for (const auto& [worker, link] : links_) spawner_.kill(global_id(worker));
  core_.shut_down();  // those that it would kill end with this, and are told
  for (const PoolAction& action : core_.take_actions())
    if (const auto* killed = std::get_if<KillWorker>(&action); killed != nullptr && events_.ended)
      events_.ended(killed->reason);
}

void WorkerPool::submit(TurnId turn, OwnerId owner, std::string input) {
  inputs_[turn] = std::move(input);
  core_.submit(turn, owner, loop_.now());
  carry_out();
}

void WorkerPool::withdraw(TurnId turn) {
  inputs_.erase(turn);
  if (const auto place = core_.withdraw(turn)) {
    if (const auto link = links_.find(place->worker); link != links_.end()) {
      link->second->page->cancelled.store(place->number);
    }
  }
}

void WorkerPool::warm() {
  core_.warm(loop_.now());
  carry_out();
}

bool WorkerPool::give_up_worker(GiveUp how) {
  const bool given = core_.give_up_worker(how);
  carry_out();
  return given;
}

void WorkerPool::try_again() {
  core_.try_again(loop_.now());
  carry_out();
}

void WorkerPool::carry_out() {
  // Carrying out may fail at once and make further actions; they are taken by the outer loop, not by
  // recursion.
  if (carrying_out_) return;
  carrying_out_ = true;
  while (core_.has_actions()) {
    for (PoolAction& action : core_.take_actions()) {
      std::visit(Overload{[&](const SpawnWorker& order) { spawn(order.worker); },
                          [&](const SendTurn& order) { send(order); },
                          [&](const RevokeTurns& order) {
                            if (const auto link = links_.find(order.worker); link != links_.end()) {
                              link->second->page->revoked_from.store(order.from);
                            }
                          },
                          [&](const KillWorker& order) {
                            spawner_.kill(global_id(order.worker));
                            if (events_.ended) events_.ended(order.reason);
                            if (order.reason == EndReason::not_ready) on_not_ready(order.worker);
                          },
                          [&](FailTurn& order) {
                            told_of_ = order.worker;
                            if (inputs_.erase(order.turn) != 0)
                              events_.turn_done(order.turn, std::move(order.error));
                            else if (!order.error.loading && events_.died_unheard)
                              events_.died_unheard(order.error);
                          },
                          [&](const ReportDeath& order) {
                            told_of_ = order.worker;
                            if (events_.died_unheard) events_.died_unheard(order.error);
                          }},
                 action);
    }
  }
  carrying_out_ = false;
  quota_.note(*this);
  arm();
}

void WorkerPool::spawn(WorkerId worker) {
  const auto failed = [&](const std::string& why) { on_spawn_failed(worker, why); };
  auto link = std::make_unique<Link>(payload_max(plugin_));
  int sockets[2];
  int pipes[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
    return failed(std::strerror(errno));
  link->socket.reset(sockets[0]);
  UniqueFd theirs(sockets[1]);
  if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) != 0) return failed(std::strerror(errno));
  link->stdio.reset(pipes[0]);
  UniqueFd their_stdio(pipes[1]);
  UniqueFd page_fd;
  auto page = StatusMapping::create(page_fd);
  if (!page) return failed(page.error().message);
  link->page = std::move(*page);
  fcntl(link->socket.get(), F_SETFL, O_NONBLOCK);  // our end only: the flag belongs to the end, not the pair

  SpawnRequest request;
  request.worker = global_id(worker);
  request.level_max = static_cast<std::int32_t>(isolation_.level_max);
  request.files_max = settings_.files_max;
  request.memory_bytes_max = settings_.memory_bytes_max;
  request.file_bytes_max = settings_.file_bytes_max;
  request.output_bytes_max = plugin_.output_bytes_max;
  request.effects_max = plugin_.effects_max;
  request.log_lines_max = settings_.log_lines_max;
  if (plugin_.file.size() >= sizeof request.plugin) return failed("the path of the plugin is too long");
  std::memcpy(request.plugin, plugin_.file.data(), plugin_.file.size());
  spawner_.spawn(request, std::move(theirs), std::move(page_fd), std::move(their_stdio));
  link->watch = loop_.watch(link->socket.get(), EventLoop::Interest::read,
                            [this, worker](EventLoop::Interest) { on_readable(worker); });
  link->stdio_watch = loop_.watch(link->stdio.get(), EventLoop::Interest::read,
                                  [this, worker](EventLoop::Interest) { on_stdio(worker); });
  links_[worker] = std::move(link);
}

void WorkerPool::send(const SendTurn& order) {
  const auto link = links_.find(order.worker);
  const auto input = inputs_.find(order.turn);
  if (link == links_.end()) return;
  // A withdrawn turn still takes its place in the numbering: an empty request answers at once and is dropped.
  static const std::string empty_input = [] {
    std::string bytes;
    encode(TurnInput{}, bytes);
    return bytes;
  }();
  const std::string& bytes = input == inputs_.end() ? empty_input : input->second;
  if (auto added = link->second->writer.add(FrameType::turn, order.number, bytes); !added) {
    core_.on_protocol_error(order.worker, added.error().message, loop_.now());
    return;
  }
  link->second->sent = order.number;
  link->second->page->sent.store(order.number);
  dirty_.insert(order.worker);
  probe(order.worker, FrameType::turn);
}

void WorkerPool::probe(WorkerId worker, FrameType type) {
  if (events_.kill_after_frame && events_.kill_after_frame(type)) spawner_.kill(global_id(worker));
}

void WorkerPool::flush() {
  if (dirty_.empty()) return;
  std::vector<WorkerId> blocked;
  for (const WorkerId worker : dirty_) {
    const auto link = links_.find(worker);
    if (link == links_.end()) continue;
    if (link->second->writer.flush(link->second->socket.get()) == SendState::blocked)
      blocked.push_back(worker);
  }
  dirty_.clear();
  for (const WorkerId worker : blocked) {
    dirty_.insert(worker);
    links_[worker]->watch->want(EventLoop::Interest::read_write);  // wakes the round that tries again
  }
}

ReadState WorkerPool::read_packet(WorkerId worker, Link& link) {
  const ReadState state = link.reader.read(link.socket.get());
  if (state == ReadState::malformed) core_.on_protocol_error(worker, link.reader.problem(), loop_.now());
  for (const Frame& frame : link.reader.frames()) {
    on_frame(worker, link, frame);
    probe(worker, frame.type);
  }
  return state;
}

// What a dead worker had flushed still counts; its socket holds only so much.
void WorkerPool::read_the_rest(WorkerId worker, Link& link) {
  while (link.watch && read_packet(worker, link) == ReadState::packet) {
  }
}

void WorkerPool::on_readable(WorkerId worker) {
  const auto found = links_.find(worker);
  if (found == links_.end()) return;
  Link& link = *found->second;
  if (!dirty_.contains(worker)) link.watch->want(EventLoop::Interest::read);
  // While more answers are due they are read together, so that what follows from them is sent together; but a
  // worker that floods its socket must not keep the loop.
  const std::uint64_t due = link.sent;
  ReadState state = read_packet(worker, link);
  for (int more = 1; more < kPacketsPerRound && state == ReadState::packet && link.answered < due; ++more) {
    state = read_packet(worker, link);
  }
  if (state == ReadState::closed || state == ReadState::malformed) {
    // Gone, or it closed its only socket: either way it ends. Its death says how.
    link.watch.reset();
    spawner_.kill(global_id(worker));
  }
  carry_out();
}

void WorkerPool::on_frame(WorkerId worker, Link& link, const Frame& frame) {
  const TimePoint now = loop_.now();
  if (frame.type == FrameType::turn_done && link.ready) {
    auto output = decode_turn_output(frame.payload);
    if (!output) return core_.on_protocol_error(worker, "an output that cannot be read", now);
    link.answered = frame.number;
    for (const TurnLogLine& line : output->log_lines) link.lines.note(line.text);
    if (const std::uint64_t peak = link.page->peak_bytes.load(); peak != link.peak) {
      link.peak = peak;
      core_.on_peak(worker, peak);
    }
    look_at_refusals(link);
    const auto turn = core_.turn_at(worker, frame.number);
    const bool skipped = output->end == TurnEnd::skipped;
    if (core_.on_turn_done(worker, frame.number, skipped, now) && turn && inputs_.erase(*turn) != 0) {
      told_of_ = worker;
      events_.turn_done(*turn, std::move(*output));
    }
  } else if (frame.type == FrameType::sandboxed && !link.ready && frame.payload.size() == 1) {
    const int level = static_cast<unsigned char>(frame.payload[0]);
    if (events_.sandboxed) events_.sandboxed(level);
    if (level < static_cast<int>(isolation_.min_level)) {
      const Error error{
          Errc::incompatible,
          "isolation level " + std::to_string(level) +
              " was reached, below isolation.min_level = " + std::to_string(isolation_.min_level) +
              "; the kernel lacks seccomp or Landlock, or something forbids them"};
      link.refused = true;
      core_.on_load_failed(worker, error, now);
      if (events_.loaded) events_.loaded(error);
      return;
    }
    // Only now may the plugin's own code run: the walls stand.
    if (auto added = link.writer.add(FrameType::load, 0, plugin_.config); !added) {
      return core_.on_protocol_error(worker, added.error().message, now);
    }
    dirty_.insert(worker);
    flush();
  } else if (frame.type == FrameType::ready && !link.ready) {
    link.ready = true;
    core_.on_ready(worker, now);
    if (events_.loaded) events_.loaded({});
  } else if (frame.type == FrameType::load_failed && !link.ready) {
    const Error error{Errc::incompatible,
                      "plugin " + plugin_.id + " cannot be loaded: " + std::string(frame.payload)};
    link.refused = true;
    core_.on_load_failed(worker, error, now);
    if (events_.loaded) events_.loaded(error);
  } else {
    core_.on_protocol_error(worker, "a frame of type " + std::to_string(static_cast<int>(frame.type)), now);
  }
}

void WorkerPool::on_stdio(WorkerId worker) {
  const auto found = links_.find(worker);
  if (found == links_.end()) return;
  Link& link = *found->second;
  char buffer[4096];
  const ssize_t got = read(link.stdio.get(), buffer, sizeof buffer);
  if (got <= 0) {
    if (got == 0 || errno != EAGAIN) link.stdio_watch.reset();
    return;
  }
  const std::uint64_t before = link.stdio_bytes;
  link.stdio_bytes += static_cast<std::uint64_t>(got);
  if (before >= settings_.stdio_bytes_max) return;
  const std::string text(buffer, static_cast<std::size_t>(got));
  link.lines.note(text);
  if (events_.stdio) events_.stdio(text);
}

void WorkerPool::look_at_refusals(Link& link) {
  for (std::size_t power = 0; power < kRefusedPowers; ++power) {
    const std::uint64_t now = link.page->refused[power].load(std::memory_order_relaxed);
    const std::uint64_t before = std::exchange(link.refusals[power], now);
    if (now > before && events_.refused) events_.refused(static_cast<RefusedPower>(power), now - before);
  }
}

void WorkerPool::on_not_ready(WorkerId worker) {
  const auto found = links_.find(worker);
  if (found == links_.end()) return;
  found->second->refused = true;  // its death tells nothing more
  told_of_ = worker;
  if (events_.loaded)
    events_.loaded(Error{Errc::hung, "plugin " + plugin_.id + " was not ready after workers.ready_max_ms = " +
                                         std::to_string(settings_.ready_max.count())});
}

void WorkerPool::on_spawn_failed(WorkerId worker, const std::string& why) {
  if (events_.loaded) events_.loaded(Error{Errc::unavailable, "no worker could be started: " + why});
  core_.on_died(worker, 0, "no process could be started: " + why, loop_.now(), true);
  links_.erase(worker);
  dirty_.erase(worker);
  carry_out();
}

void WorkerPool::on_died(WorkerId worker, int wait_status) {
  const auto found = links_.find(worker);
  if (found == links_.end()) return;
  Link& link = *found->second;
  read_the_rest(worker, link);
  on_stdio(worker);
  const std::string how = describe_wait_status(wait_status);
  told_of_ = worker;
  look_at_refusals(link);
  if (!link.ready && !link.refused && events_.loaded) {
    events_.loaded(Error{Errc::crashed, "plugin " + plugin_.id + " ended while it was loaded (" + how + ")"});
  }
  if (!core_.is_dying(worker) && events_.ended) events_.ended(EndReason::crashed);
  // No plugin can send itself SIGKILL; the kernel does when memory is short, and people do.
  const bool outside = WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGKILL;
  core_.on_died(worker, link.page->started.load(), how, loop_.now(), outside);
  dirty_.erase(worker);
  carry_out();
  links_.erase(worker);  // its last lines were asked for until now
}

void WorkerPool::on_lost(WorkerId worker) {
  const auto found = links_.find(worker);
  if (found == links_.end()) return;
  Link& link = *found->second;
  read_the_rest(worker, link);
  on_stdio(worker);
  look_at_refusals(link);
  if (!core_.is_dying(worker) && events_.ended) events_.ended(EndReason::lost);
  core_.on_lost(worker, link.page->started.load(), loop_.now());
  dirty_.erase(worker);
  links_.erase(worker);
  carry_out();
}

std::vector<std::string> WorkerPool::last_lines() const {
  const auto link = links_.find(told_of_);
  return link == links_.end() ? std::vector<std::string>() : link->second->lines.lines();
}

void WorkerPool::arm() {
  const auto next = core_.next_tick();
  if (!next || (timer_ && timer_.at <= *next)) return;  // an early tick does no harm
  loop_.cancel(timer_);
  timer_ = loop_.at(*next, [this] {
    timer_ = {};
    core_.tick(loop_.now(), [this](WorkerId worker) -> WorkerClock {
      const auto link = links_.find(worker);
      if (link == links_.end()) return {};
      const StatusPage& page = *link->second->page;
      return {page.started.load(), TimePoint(std::chrono::nanoseconds(page.started_at_ns.load()))};
    });
    carry_out();
    arm();
  });
}

}  // namespace toolpost
