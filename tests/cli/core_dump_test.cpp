// A host that dies of a signal holds keys in its memory, and leaves no core of it. What the kernel would
// write, a control process shows.
#include <sys/resource.h>

#include "program.hpp"

using namespace toolpost;

namespace {

/// Cores as large as may be, for the processes that this test starts.
class CoresAllowed {
 public:
  CoresAllowed() {
    REQUIRE(::getrlimit(RLIMIT_CORE, &before_) == 0);
    const rlimit all{before_.rlim_max, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_CORE, &all) == 0);
  }
  ~CoresAllowed() { ::setrlimit(RLIMIT_CORE, &before_); }
  CoresAllowed(const CoresAllowed&) = delete;
  CoresAllowed& operator=(const CoresAllowed&) = delete;

 private:
  rlimit before_{};
};

int ended_by(pid_t pid, int signal) {
  REQUIRE(::kill(pid, signal) == 0);
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  return status;
}

bool control_dumps(const std::string& folder) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (::chdir(folder.c_str()) == 0) ::execl("/bin/sleep", "sleep", "60", nullptr);
    ::_exit(1);
  }
  // Not before it is sleep: a fork of this program may have handlers of its own.
  while (content_of("/proc/" + std::to_string(pid) + "/comm") != "sleep\n") ::sched_yield();
  return WCOREDUMP(ended_by(pid, SIGABRT));
}

std::size_t files_in(const std::string& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

}  // namespace

TEST_CASE("core: a host that dies of a signal leaves none, whatever is allowed", "[cli]") {
  ProgramHome home;
  home.set("CANARY_KEY", "CANARY-in-no-core");
  home.configure("[providers.one]\nbase_url = \"http://127.0.0.1:9/v1\"\nkey = { env = \"CANARY_KEY\" }\n");
  const CoresAllowed cores;
  const std::string elsewhere = home.path() + "/control";
  std::filesystem::create_directory(elsewhere);
  if (!control_dumps(elsewhere)) WARN("no process can leave a core here; the host cannot either");

  int in[2], out[2];
  REQUIRE(::pipe2(in, O_CLOEXEC) == 0);
  REQUIRE(::pipe2(out, O_CLOEXEC) == 0);
  const UniqueFd in_read(in[0]), in_write(in[1]), out_read(out[0]), out_write(out[1]);
  const UniqueFd err(::open((home.path() + "/.err").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const pid_t pid = home.start({"serve"}, in_read.get(), out_write.get(), err.get());
  const std::string ping = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n";
  REQUIRE(::write(in_write.get(), ping.data(), ping.size()) == static_cast<ssize_t>(ping.size()));
  char answer = 0;
  REQUIRE(::read(out_read.get(), &answer, 1) == 1);  // it serves, so it has read its keys
  const std::size_t before = files_in(home.path() + "/work");
  const int status = ended_by(pid, SIGABRT);
  CHECK(WIFSIGNALED(status));
  CHECK_FALSE(WCOREDUMP(status));
  CHECK(files_in(home.path() + "/work") == before);
}
