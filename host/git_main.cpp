// toolpost-git: started by toolpost with an empty environment; reads one order, enters the sandbox, reads one
// repository with libgit2, answers and ends. It holds no secret and no descriptor but the socket of its
// answer.
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <new>
#include <string>

#include "base/write_all.hpp"
#include "effect/git/git_answer.hpp"
#include "effect/git/git_process.hpp"
#include "effect/git/git_repository.hpp"
#include "worker/sandbox.hpp"

namespace {

using namespace toolpost;

std::string read_order() {
  std::string order(kGitOrderBytesMax, '\0');
  std::size_t size = 0;
  for (;;) {
    const ssize_t got = read(STDIN_FILENO, order.data() + size, order.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  order.resize(size);
  return order;
}

std::string answer_of(const std::string& text) {
  auto order = parse_git_order(text);
  if (!order) return git_answer(order.error());
  // Before the sandbox, as nothing of the repository is touched here and the system's library may look
  // around.
  if (auto started = start_libgit2(*order); !started) return git_answer(started.error());
  SandboxLimits limits;
  limits.memory_bytes_max = order->memory_bytes_max;
  limits.file_bytes_max = 0;
  std::vector<std::string> readable = {order->git_folder};
  if (order->common_folder != order->git_folder) readable.push_back(order->common_folder);
  if (!order->folder.empty()) readable.push_back(order->folder);
  std::vector<sock_filter> program;
  if (auto made = make_seccomp_program(Refusing::silently)) program = std::move(*made);
  const auto level = enter_sandbox(static_cast<int>(order->level_max), limits, readable, program);
  if (!level) return git_answer(level.error());
  try {
    return git_answer(*order, *level);
  } catch (const std::bad_alloc&) {
    return git_answer(
        Error{Errc::exhausted, "reading the repository takes more than git.memory_bytes_max = " +
                                   std::to_string(order->memory_bytes_max)});
  }
}

}  // namespace

// The only argument is the pid of the host: if it is not the parent any more, nobody needs us.
int main(int count, char** arguments) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  int type = 0;
  socklen_t size = sizeof type;
  if (count != 2 || getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    std::fputs("toolpost-git is started by toolpost, not by hand\n", stderr);
    return 2;
  }
  if (std::to_string(getppid()) != arguments[1]) return 3;
  write_all(STDOUT_FILENO, answer_of(read_order()));  // who has gone reads nothing
  // Not exit(): what libgit2 and the sanitizers do at an exit is not allowed any more.
  _exit(0);
}
