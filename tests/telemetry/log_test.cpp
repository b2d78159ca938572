#include "telemetry/log.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "base/unique_fd.hpp"
#include "catch.hpp"
#include "scratch_folder.hpp"

using namespace toolpost;

namespace {

class Pipe {
 public:
  Pipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    read_.reset(ends[0]);
    write_.reset(ends[1]);
    ::fcntl(read_.get(), F_SETFL, O_NONBLOCK);
  }
  int fd() const { return write_.get(); }
  void close_reader() { read_.reset(); }
  std::string content() const {
    std::string all;
    char part[4096];
    for (ssize_t got; (got = ::read(read_.get(), part, sizeof part)) > 0;)
      all.append(part, static_cast<std::size_t>(got));
    return all;
  }

 private:
  UniqueFd read_, write_;
};

std::unique_ptr<Log> open_log(const LogSettings& settings, const Redactor& redactor, int fd) {
  auto log = Log::open(settings, redactor, fd);
  REQUIRE(log);
  return std::move(log).value();
}

}  // namespace

TEST_CASE("log: one event is one line of time, level, event and fields", "[telemetry]") {
  const Redactor redactor;
  const Pipe pipe;
  const auto log = open_log({}, redactor, pipe.fd());
  log->event(Level::info, "call_finished", {{"call", "c1"}, {"ms", 12}, {"why", "it is\ndone"}});
  const std::string line = pipe.content();
  CHECK(line.find('T') == 10);
  CHECK(line.ends_with(" info call_finished call=c1 ms=12 why=\"it is\\ndone\"\n"));
  CHECK(std::count(line.begin(), line.end(), '\n') == 1);
  CHECK(log->lost() == 0);
}

TEST_CASE("log: events below the level are not written", "[telemetry]") {
  const Redactor redactor;
  for (const char* level : {"debug", "info", "warn", "error", "off"}) {
    const Pipe pipe;
    LogSettings settings;
    settings.level = level;
    const auto log = open_log(settings, redactor, pipe.fd());
    for (const Level each : {Level::debug, Level::info, Level::warn, Level::error, Level::off})
      log->event(each, "x", {});
    const std::string text = pipe.content();
    const auto lowest = static_cast<int>(level_from_name(level));
    CHECK(std::count(text.begin(), text.end(), '\n') == 4 - lowest);
    CHECK(log->enabled(Level::error) == (lowest <= 3));
    CHECK_FALSE(log->enabled(Level::off));
  }
}

TEST_CASE("log: level names go both ways, an unknown one means info", "[telemetry]") {
  CHECK(level_from_name("warn") == Level::warn);
  CHECK(name(Level::warn) == "warn");
  CHECK(level_from_name("loud") == Level::info);
}

TEST_CASE("log: live secrets and tokens are masked in both outputs", "[telemetry]") {
  const ScratchFolder folder;
  Redactor redactor;
  redactor.add(Secret("KEY", "CANARY-1234"));
  const Pipe pipe;
  LogSettings settings;
  settings.file = folder / "log.jsonl";
  const auto log = open_log(settings, redactor, pipe.fd());
  log->event(Level::error, "upstream",
             {{"why", "401 for CANARY-1234"}, {"header", std::string("Bearer CANARY-1234")}});
  const std::string text = pipe.content() + folder.content("log.jsonl");
  CHECK(text.find("CANARY") == std::string::npos);
  CHECK(text.find("401 for [secret KEY]") != std::string::npos);
}

TEST_CASE("log: the file holds JSON lines and is the owner's alone", "[telemetry]") {
  const ScratchFolder folder;
  const Redactor redactor;
  const Pipe pipe;
  LogSettings settings;
  settings.file = folder / "log.jsonl";
  const mode_t before = ::umask(0);
  {
    const auto log = open_log(settings, redactor, pipe.fd());
    log->event(Level::info, "started", {{"pid", 7}, {"text", "a \"b\""}});
    log->event(Level::debug, "hidden", {});
  }
  ::umask(before);
  const std::string line = folder.content("log.jsonl");
  CHECK(line.starts_with("{\"time\":\""));
  CHECK(line.ends_with("\",\"level\":\"info\",\"event\":\"started\",\"pid\":7,\"text\":\"a \\\"b\\\"\"}\n"));
  struct stat status{};
  REQUIRE(::stat(settings.file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("log: an existing file is continued and made private", "[telemetry]") {
  const ScratchFolder folder;
  const Redactor redactor;
  const Pipe pipe;
  LogSettings settings;
  settings.file = folder / "log.jsonl";
  std::ofstream(settings.file) << "before\n";
  ::chmod(settings.file.c_str(), 0644);
  open_log(settings, redactor, pipe.fd())->event(Level::warn, "after", {});
  CHECK(folder.content("log.jsonl").starts_with("before\n{\"time\""));
  struct stat status{};
  REQUIRE(::stat(settings.file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("log: the file is rotated at log.file_bytes_max, log.old_files_max are kept and stay private",
          "[telemetry]") {
  const ScratchFolder folder;
  const Redactor redactor;
  const UniqueFd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  LogSettings settings;
  settings.file = folder / "log.jsonl";
  settings.file_bytes_max = 65'536;
  settings.old_files_max = 1;
  for (int round = 0; round < 2; ++round) {
    std::ofstream(settings.file) << std::string(65'536 - 100, 'x');
    const auto log = open_log(settings, redactor, null.get());
    for (int i = 0; i < 3; ++i) log->event(Level::info, "filling", {{"text", std::string(60, 'y')}});
  }
  CHECK(std::filesystem::exists(folder / "log.1.jsonl"));
  CHECK_FALSE(std::filesystem::exists(folder / "log.2.jsonl"));
  CHECK(std::filesystem::file_size(settings.file) < 1000);
  struct stat status{};
  REQUIRE(::stat((folder / "log.1.jsonl").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("log: a file that cannot be opened again at its rotation loses lines until it can", "[telemetry]") {
  const ScratchFolder folder;
  const Redactor redactor;
  const UniqueFd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  LogSettings settings;
  settings.file = folder / "logs/log.jsonl";
  settings.file_bytes_max = 65'536;
  const auto log = open_log(settings, redactor, null.get());
  std::filesystem::rename(folder / "logs", folder / "moved");
  std::ofstream(folder / "logs") << "in the way";
  for (int i = 0; i < 20; ++i) log->event(Level::info, "rotating", {{"text", std::string(4000, 'y')}});
  for (int i = 0; i < 20; ++i) log->event(Level::warn, "short", {});
  CHECK(log->lost() == 24);
  std::filesystem::remove(folder / "logs");
  std::filesystem::rename(folder / "moved", folder / "logs");
  log->event(Level::warn, "again", {});
  CHECK(log->lost() == 24);
  const std::string text = folder.content("logs/log.jsonl");
  CHECK(text.find("\"event\":\"again\"") != std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
}

TEST_CASE("log: a full disk loses lines and tears none that comes after", "[telemetry]") {
  const ScratchFolder folder;
  const Redactor redactor;
  const UniqueFd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  LogSettings settings;
  settings.file = folder / "log.jsonl";
  const auto log = open_log(settings, redactor, null.get());
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit full{1000, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &full) == 0);
  for (int i = 0; i < 3; ++i) log->event(Level::warn, "full", {{"text", std::string(600, 'y')}});
  const std::uint64_t lost = log->lost();
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  log->event(Level::warn, "again", {});
  CHECK(lost == 2);
  CHECK(log->lost() == 2);
  const std::string text = folder.content("log.jsonl");
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);
  CHECK(text.substr(0, text.size() - 1).rfind("\n{\"time\"") == 1000);
}

TEST_CASE("log: a reader that does not read loses lines, and stops nobody", "[telemetry]") {
  const Redactor redactor;
  const Pipe pipe;
  const auto log = open_log({}, redactor, pipe.fd());
  for (int i = 0; i < 1000; ++i) log->event(Level::info, "flood", {{"text", std::string(2000, 'z')}});
  CHECK(log->lost() > 900);
  CHECK(pipe.content().find("flood") != std::string::npos);
  log->event(Level::info, "again", {});
  CHECK(pipe.content().ends_with("info again\n"));
}

TEST_CASE("log: a line longer than a pipe takes at once is cut", "[telemetry]") {
  const Redactor redactor;
  const Pipe pipe;
  const auto log = open_log({}, redactor, pipe.fd());
  log->event(Level::info, "long", {{"a", std::string(4000, 'a')}, {"b", std::string(4000, 'b')}});
  const std::string line = pipe.content();
  CHECK(line.size() == 4096);
  CHECK(line.ends_with("b\n"));
}

TEST_CASE("log: a file that cannot be opened is the operator's to fix", "[telemetry]") {
  const Redactor redactor;
  const ScratchFolder folder;
  LogSettings settings;
  for (const std::string& path : {std::string("/proc/nowhere/log.jsonl"), folder / ""}) {
    settings.file = path;
    const auto log = Log::open(settings, redactor);
    REQUIRE_FALSE(log);
    CHECK(log.error().code == Errc::invalid_config);
    CHECK(log.error().message.starts_with("log.file " + path + " cannot be opened: "));
  }
}
