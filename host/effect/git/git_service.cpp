#include "effect/git/git_service.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "effect/file/file_path_text.hpp"
#include "effect/git/repository_search.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

// Around the files of an answer: the root, branch and omitted paths, which the program bounds by itself.
constexpr std::uint64_t kEnvelopeBytes = 256 << 10;

std::string dumped(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Whether the history of a file may be asked for; an empty path stands for all files.
Result<void> check_file(const FileRoots& roots, const std::string& file) {
  if (file.empty()) return {};
  const auto names = split_file_path(file);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (!roots.denied(name)) continue;
    return Error{Errc::permission, "\"file\" " + shown_file_path(file) + " holds the protected name \"" +
                                       name + "\", which may hold secrets; do without it"};
  }
  return {};
}

std::string resolved_folder(const std::string& path) {
  std::error_code error;
  const std::string real = std::filesystem::weakly_canonical(path, error).string();
  return error ? path : real;
}

}  // namespace

struct GitService::Run {
  GitRequestId id = 0;
  std::string kind;
  std::string request;
  Done done;  // empty once answered, or cancelled
  std::optional<GitProcess> process;
  std::string answer;
  TimerId timer;
  std::unique_ptr<EventLoop::Watch> socket_watch;
  std::unique_ptr<EventLoop::Watch> end_watch;

  /// Before the descriptors go that are watched.
  void unwatch() {
    socket_watch.reset();
    end_watch.reset();
  }
};

struct GitService::Order {
  std::optional<GitProcess> process;
  std::string answer;
};

GitService::GitService(EventLoop& loop, const FileRoots& roots, const Settings& settings, std::string program,
                       const std::string& state_dir)
    : loop_(loop),
      roots_(roots),
      settings_(settings.git),
      isolation_(settings.isolation),
      deny_(settings.files.deny),
      program_(std::move(program)),
      state_dir_(resolved_folder(state_dir)) {}

GitService::~GitService() {
  ending_ = true;
  for (auto& [id, run] : runs_) loop_.cancel(run->timer);
  runs_.clear();
  lane_.reset();
  // A process that was started and whose news the loop has not read: the loop may outlive us, it may not.
  for (const auto& [id, order] : arriving_) {
    if (*order) (*order)->process.reset();
  }
}

GitRequestId GitService::start(std::string_view kind, std::string_view request_json, Done done) {
  auto run = std::make_unique<Run>();
  const GitRequestId id = run->id = next_id_++;
  run->kind = kind;
  run->request = request_json;
  run->done = std::move(done);
  const bool full = queue_.size() >= settings_.queue_size_max;
  if (!full) queue_.push_back(id);
  runs_.emplace(id, std::move(run));
  loop_.post([this, id, full, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    const auto found = runs_.find(id);
    if (full && found != runs_.end()) {
      settle(*found->second,
             Error{Errc::exhausted, "as many git effects wait already as git.queue_size_max = " +
                                        std::to_string(settings_.queue_size_max) +
                                        " lets wait; try again later, or let the operator "
                                        "raise it or git.processes_max"});
      runs_.erase(id);
    }
    next();
  });
  return id;
}

void GitService::cancel(GitRequestId id) {
  const auto found = runs_.find(id);
  if (found == runs_.end()) return;
  Run& run = *found->second;
  run.done = nullptr;
  loop_.cancel(run.timer);
  if (run.process) run.process->kill();  // it is forgotten when it has ended
  const auto waiting = std::find(queue_.begin(), queue_.end(), id);
  if (waiting == queue_.end()) return;
  queue_.erase(waiting);
  runs_.erase(found);
}

void GitService::next() {
  while (!queue_.empty() && active_ < settings_.processes_max) {
    Run& run = *runs_.at(queue_.front());
    queue_.pop_front();
    begin(run);
  }
}

void GitService::begin(Run& run) {
  ++active_;
  const GitRequestId id = run.id;
  run.timer = loop_.after(settings_.time_max, [this, id] {
    Run& late = *runs_.at(id);
    late.timer = {};
    end(late,
        {Errc::deadline, late.kind + ": the repository was not read within git.time_max_ms = " +
                             std::to_string(settings_.time_max.count()) +
                             "; ask for less (fewer sections, \"untracked\": false, fewer entries), or let "
                             "the operator raise it"});
  });
  if (!lane_) lane_ = std::make_unique<BlockingLane>();
  const bool taken =
      lane_->run([this, id, kind = run.kind, request = run.request, alive = std::weak_ptr<bool>(alive_)] {
        if (ending_) return;
        auto order = std::make_shared<Result<Order>>(prepare(kind, request));
        {
          const MutexLock lock(arriving_mutex_);
          arriving_[id] = order;
        }
        loop_.post([this, id, order, alive] {
          if (alive.expired()) return;
          {
            const MutexLock lock(arriving_mutex_);
            arriving_.erase(id);
          }
          on_prepared(id, std::move(*order));
        });
      });
  if (taken) return;
  settle(run, Error{Errc::exhausted, lane_->full()});
  forget(id);
}

/// On the lane.
Result<GitService::Order> GitService::prepare(const std::string& kind,
                                              const std::string& request_json) const {
  auto request = parse_git_request(kind, request_json, settings_.output_bytes_max);
  if (!request) return request.error();
  Order order;
  if (kind == "git.repositories") {
    auto found = find_repositories(roots_, request->path, request->depth_max);
    if (!found) return found.error().with(kind);
    json list = json::array();
    for (std::string& path : found->paths) list.push_back({{"path", std::move(path)}});
    order.answer = dumped({{"repositories", std::move(list)}, {"truncated", found->truncated}});
    return order;
  }
  if (auto readable = check_file(roots_, request->file); !readable) return readable.error().with(kind);
  auto places = find_git_places(roots_, request->path);
  if (!places) return places.error().with(kind);
  json hidden = json::array();
  if (!places->folder.empty() && state_dir_.starts_with(places->folder + "/"))
    hidden.push_back(state_dir_.substr(places->folder.size() + 1));
  auto process = GitProcess::start(program_, dumped({{"kind", kind},
                                                     {"folder", places->folder},
                                                     {"git_folder", places->git_folder},
                                                     {"common_folder", places->common_folder},
                                                     {"compare_to", request->compare_to},
                                                     {"staged", request->staged},
                                                     {"unstaged", request->unstaged},
                                                     {"untracked", request->untracked},
                                                     {"context_lines", request->context_lines},
                                                     {"max_bytes", request->max_bytes},
                                                     {"max_entries", request->max_entries},
                                                     {"file", request->file},
                                                     {"files_max", settings_.files_max},
                                                     {"memory_bytes_max", settings_.memory_bytes_max},
                                                     {"level_max", isolation_.level_max},
                                                     {"min_level", isolation_.min_level},
                                                     {"deny", deny_},
                                                     {"hidden", std::move(hidden)}}));
  if (!process) return process.error().with(kind);
  order.process.emplace(std::move(*process));
  return order;
}

void GitService::on_prepared(GitRequestId id, Result<Order> order) {
  Run& run = *runs_.at(id);
  if (!order) settle(run, order.error());
  if (order && !order->process) settle(run, std::move(order->answer));
  // Nobody waits any more when it was cancelled or its time passed meanwhile; a process ends with `order`
  // then.
  if (!run.done) return forget(id);
  run.process.emplace(std::move(*order->process));
  watch(run);
}

void GitService::watch(Run& run) {
  using Interest = EventLoop::Interest;
  run.socket_watch =
      loop_.watch(run.process->socket(), Interest::read, [this, &run](Interest) { read(run); });
  run.end_watch =
      loop_.watch(run.process->pidfd(), Interest::read, [this, &run](Interest) { on_ended(run); });
  if (run.socket_watch && run.end_watch) return;
  settle(run, Error{Errc::exhausted, run.kind + ": the process cannot be watched"});
  forget(run.id);
}

void GitService::read(Run& run) {
  char bytes[64 << 10];
  for (;;) {
    const ssize_t got = recv(run.process->socket(), bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return run.socket_watch->want(EventLoop::Interest::none);  // the end; it is about to exit
    if (!run.done) continue;
    run.answer.append(bytes, static_cast<std::size_t>(got));
    if (run.answer.size() <= settings_.output_bytes_max + kEnvelopeBytes) continue;
    return end(run, {Errc::exhausted, run.kind + ": the answer is larger than git.output_bytes_max = " +
                                          std::to_string(settings_.output_bytes_max) +
                                          "; ask for less, or let the operator raise it"});
  }
}

void GitService::on_ended(Run& run) {
  read(run);  // what it wrote last
  const auto status = run.process->reap();
  if (!status) return;
  run.unwatch();
  run.process.reset();
  if (!run.done) return forget(run.id);
  // Parsed on the lane: a megabyte of JSON takes longer than a round of the loop should.
  const bool taken = lane_->run([this, id = run.id, kind = run.kind, bytes = std::move(run.answer),
                                 status = *status, alive = std::weak_ptr<bool>(alive_)] {
    auto result = std::make_shared<Result<std::string>>(checked(bytes, status));
    loop_.post([this, id, kind, result, alive] {
      if (alive.expired()) return;
      settle(*runs_.at(id), *result ? std::move(*result) : result->error().with(kind));
      forget(id);
    });
  });
  if (taken) return;
  settle(run, Error{Errc::exhausted, lane_->full()});
  forget(run.id);
}

/// On the lane. The program has parsed hostile bytes, so its answer is hostile as well until it is looked at.
Result<std::string> GitService::checked(const std::string& bytes, int wait_status) const {
  json answer = json::parse(bytes, nullptr, false);
  if (wait_status != 0 || !answer.is_object()) {
    return Error{Errc::unavailable,
                 "toolpost-git ended by " + describe_git_end(wait_status) +
                     " before its answer was whole; the repository may be damaged (\"git fsck\" "
                     "tells), or reading it takes more than git.memory_bytes_max = " +
                     std::to_string(settings_.memory_bytes_max)};
  }
  if (answer.contains("result") && answer["result"].is_object()) return dumped(answer["result"]);
  const auto text = [&](const char* key) {
    return answer.contains(key) && answer[key].is_string() ? answer[key].get<std::string>() : std::string();
  };
  const Errc code = errc_from_name(text("code"));
  return Error{code == Errc::ok || code > Errc::internal ? Errc::internal : code, text("message")};
}

void GitService::settle(Run& run, Result<std::string> result) {
  loop_.cancel(run.timer);
  if (const Done done = std::exchange(run.done, nullptr)) done(std::move(result));
}

/// Answers first, then kills; what is left is forgotten when the process has ended.
void GitService::end(Run& run, Error error) {
  const GitRequestId id = run.id;
  settle(run, std::move(error));
  if (const auto found = runs_.find(id); found != runs_.end() && found->second->process)
    found->second->process->kill();
}

void GitService::forget(GitRequestId id) {
  runs_.erase(id);
  --active_;
  next();
}

}  // namespace toolpost
