#include "stdio_client.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>
#include <stdexcept>

#include "process_stat.hpp"

namespace toolpost::bench {
namespace {

constexpr std::size_t kReadMax = 256 << 10;
constexpr std::size_t kUnsentMax =
    256 << 10;  // more is not prepared, so that a megabyte is not copied 64 times ahead
constexpr int kWaitMaxMs = 20'000;

// Lines of prose as they stand in JSON: one escape in 64 bytes, as in source code.
std::string text_of(std::size_t bytes) {
  static constexpr std::string_view kLine =
      "the quick brown fox jumps over the lazy dog, then over itself.\\n";
  std::string text;
  while (text.size() + kLine.size() <= bytes) text += kLine;
  return text.append(bytes - text.size(), 'x');
}

double percentile_us(std::vector<Clock::duration>& values, double part) {
  if (values.empty()) return 0;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return std::chrono::duration<double, std::micro>(*at).count();
}

double own_cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

struct Cpu {
  double host = 0;
  double workers = 0;
  double client = 0;
};

Cpu cpu_now(pid_t server) {
  Cpu cpu{cpu_seconds(server), 0, own_cpu_seconds()};
  for (const pid_t pid : descendants(server)) cpu.workers += cpu_seconds(pid);
  return cpu;
}

}  // namespace

struct StdioClient::Run {
  std::string tail;  // of each request, after its id
  std::size_t in_flight_max = 0;
  Clock::time_point end;
  std::uint64_t next_id = 1;
  std::string unsent;
  std::size_t sent = 0;
  std::deque<Clock::time_point> started;
  std::vector<Clock::duration> latencies;
  std::uint64_t bytes = 0;
};

StdioClient::StdioClient(const std::vector<std::string>& command) {
  int to[2], from[2];
  if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_ = fork();
  if (pid_ == 0) {
    dup2(to[0], STDIN_FILENO);
    dup2(from[1], STDOUT_FILENO);
    dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  close(to[0]);
  close(from[1]);
  in_.reset(to[1]);
  out_.reset(from[0]);
  fcntl(in_.get(), F_SETFL, O_NONBLOCK);
  fcntl(out_.get(), F_SETFL, O_NONBLOCK);
}

StdioClient::~StdioClient() {
  in_.reset();
  for (int i = 0; i < 300;
       ++i) {  // a server ends by itself at the end of its input; this is for one that does not
    if (waitpid(pid_, nullptr, WNOHANG) != 0) return;
    poll(nullptr, 0, 10);
  }
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool StdioClient::wait(short events, int fd) const {
  pollfd one{fd, events, 0};
  return poll(&one, 1, kWaitMaxMs) > 0;
}

void StdioClient::tell(const std::string& line) {
  const std::string bytes = line + "\n";
  for (std::size_t sent = 0; sent < bytes.size() && wait(POLLOUT, in_.get());) {
    const ssize_t count = write(in_.get(), bytes.data() + sent, bytes.size() - sent);
    if (count < 0 && errno != EAGAIN) return;
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
}

std::string StdioClient::ask(const std::string& line) {
  tell(line);
  std::string answer;
  while (wait(POLLIN, out_.get())) {
    char bytes[4096];
    const ssize_t count = read(out_.get(), bytes, sizeof bytes);
    if (count <= 0) break;
    answer.append(bytes, static_cast<std::size_t>(count));
    if (answer.back() == '\n') return answer;
  }
  return {};
}

void StdioClient::write_some(Run& run) {
  const auto now = Clock::now();
  while (run.started.size() < run.in_flight_max && run.unsent.size() - run.sent < kUnsentMax &&
         now < run.end) {
    run.unsent += R"({"jsonrpc":"2.0","id":)";
    run.unsent += std::to_string(run.next_id++);
    run.unsent += run.tail;
    run.started.push_back(now);
  }
  while (run.sent < run.unsent.size()) {
    const ssize_t count = write(in_.get(), run.unsent.data() + run.sent, run.unsent.size() - run.sent);
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) throw std::runtime_error("the server closed its input");
    run.sent += static_cast<std::size_t>(count);
  }
  run.unsent.clear();
  run.sent = 0;
}

bool StdioClient::read_some(Run& run) {
  const ssize_t count = read(out_.get(), buffer_.data(), kReadMax);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  if (count == 0) return false;
  run.bytes += static_cast<std::uint64_t>(count);
  auto lines = std::count(buffer_.data(), buffer_.data() + count, '\n');
  for (const auto now = Clock::now(); lines > 0 && !run.started.empty(); --lines) {
    run.latencies.push_back(now - run.started.front());
    run.started.pop_front();
  }
  return true;
}

DriveResult StdioClient::drive(std::size_t text_bytes, std::size_t in_flight, Clock::duration duration) {
  buffer_.resize(kReadMax);
  Run run;
  run.tail = R"(,"method":"tools/call","params":{"name":"echo","arguments":{"text":")" + text_of(text_bytes) +
             "\"}}}\n";
  run.in_flight_max = in_flight;
  const Cpu cpu_before = cpu_now(pid_);
  const auto begin = Clock::now();
  run.end = begin + duration;
  bool alive = true;
  while (alive) {
    write_some(run);
    if (run.started.empty()) break;
    pollfd both[2] = {{out_.get(), POLLIN, 0}, {run.unsent.empty() ? -1 : in_.get(), POLLOUT, 0}};
    alive = poll(both, 2, kWaitMaxMs) > 0 && (both[0].revents == 0 || read_some(run));
  }
  const std::chrono::duration<double> took = Clock::now() - begin;
  const Cpu cpu = cpu_now(pid_);
  DriveResult result;
  result.calls = run.latencies.size();
  const double calls = static_cast<double>(std::max<std::uint64_t>(result.calls, 1));
  result.calls_per_s = calls / took.count();
  result.p50_us = percentile_us(run.latencies, 0.5);
  result.p99_us = percentile_us(run.latencies, 0.99);
  result.host_cpu_us = (cpu.host - cpu_before.host) * 1e6 / calls;
  result.workers_cpu_us = (cpu.workers - cpu_before.workers) * 1e6 / calls;
  result.client_cpu_us = (cpu.client - cpu_before.client) * 1e6 / calls;
  result.whole = run.started.empty() && run.bytes >= result.calls * text_bytes;
  return result;
}

}  // namespace toolpost::bench
