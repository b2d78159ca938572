#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

#include "base/unique_fd.hpp"
#include "worker/refused_calls.hpp"
#include "worker/sandbox.hpp"
#include "worker/sandbox_steps.hpp"

namespace toolpost {
namespace {

// Stands for the worker's own pid in the program that the spawner makes; no real pid is so large (pid_max is
// 2^22).
constexpr std::uint32_t kPidPlaceholder = 0x7ffdead1;

const int kAllowed[] = {
    // files that Landlock and the open descriptors already bound
    SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(pread64), SCMP_SYS(pwrite64),
    SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(close), SCMP_SYS(close_range), SCMP_SYS(lseek), SCMP_SYS(stat),
    SCMP_SYS(fstat), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(access),
    SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents64),
    SCMP_SYS(getcwd), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(pipe2), SCMP_SYS(ftruncate),
    SCMP_SYS(memfd_create), SCMP_SYS(fadvise64), SCMP_SYS(fsync),
    // the socket to the host, which is the only one
    SCMP_SYS(sendmsg), SCMP_SYS(recvmsg), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select),
    SCMP_SYS(pselect6), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait), SCMP_SYS(eventfd2),
    // memory
    SCMP_SYS(mmap), SCMP_SYS(mprotect), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk),
    SCMP_SYS(msync), SCMP_SYS(mincore), SCMP_SYS(mlock), SCMP_SYS(munlock), SCMP_SYS(membarrier),
    // threads, time, signals to itself
    SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(get_robust_list), SCMP_SYS(rseq),
    SCMP_SYS(set_tid_address), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(getcpu),
    SCMP_SYS(arch_prctl), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigpending),
    SCMP_SYS(rt_sigtimedwait), SCMP_SYS(rt_sigsuspend), SCMP_SYS(sigaltstack), SCMP_SYS(pause),
    SCMP_SYS(restart_syscall), SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_gettime),
    // who am I
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid),
    SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getrusage),
    SCMP_SYS(times), SCMP_SYS(getrlimit), SCMP_SYS(getrandom), SCMP_SYS(exit), SCMP_SYS(exit_group)};

/// Acts on a call only when one argument compares as told. (The library's own macros are C99, not C++.)
bool add_if(scmp_filter_ctx filter, std::uint32_t action, int number, unsigned argument, scmp_compare compare,
            std::uint64_t a, std::uint64_t b = 0) {
  const scmp_arg_cmp condition{argument, compare, a, b};
  return seccomp_rule_add_array(filter, action, number, 1, &condition) == 0;
}
bool allow_if(scmp_filter_ctx filter, int number, unsigned argument, scmp_compare compare, std::uint64_t a,
              std::uint64_t b = 0) {
  return add_if(filter, SCMP_ACT_ALLOW, number, argument, compare, a, b);
}

bool add_rules(scmp_filter_ctx filter) {
  bool ok = true;
  for (const int number : kAllowed)
    ok = ok && seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 0, nullptr) == 0;
  // A thread, never a process: clone must share the thread group and make no namespace. clone3 hides its
  // flags in memory, so it answers ENOSYS and the C library falls back to clone.
  constexpr std::uint64_t kNamespaces = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                                        CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP;
  ok = ok &&
       allow_if(filter, SCMP_SYS(clone), 0, SCMP_CMP_MASKED_EQ, CLONE_THREAD | kNamespaces, CLONE_THREAD);
  ok = ok && seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, nullptr) == 0;
  // The handler of what is refused stays where it is.
  ok = ok && allow_if(filter, SCMP_SYS(rt_sigaction), 0, SCMP_CMP_NE, SIGSYS);
  // abort() and raise(): signals to the own process only.
  ok = ok && allow_if(filter, SCMP_SYS(tgkill), 0, SCMP_CMP_EQ, kPidPlaceholder);
  // Reading limits is harmless; setting them is not.
  ok = ok && allow_if(filter, SCMP_SYS(prlimit64), 2, SCMP_CMP_EQ, 0);
  // isatty() (TCGETS); no TIOCSTI, which types into terminals.
  ok = ok && allow_if(filter, SCMP_SYS(ioctl), 1, SCMP_CMP_EQ, 0x5401);
  // Descriptor flags, and the seals of a memfd. Not F_SETOWN and F_SETSIG: with them the kernel sends any
  // signal, SIGKILL too, to any process of the account. Not locks: nothing that others lock is the worker's.
  for (const int command :
       {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_ADD_SEALS, F_GET_SEALS}) {
    ok = ok && allow_if(filter, SCMP_SYS(fcntl), 1, SCMP_CMP_EQ, static_cast<std::uint64_t>(command));
  }
  // prctl: thread names only.
  ok = ok && allow_if(filter, SCMP_SYS(prctl), 0, SCMP_CMP_EQ, PR_SET_NAME);
#ifdef TOOLPOST_SANITIZED
  for (const int number : {SCMP_SYS(prctl), SCMP_SYS(ioctl), SCMP_SYS(personality), SCMP_SYS(prlimit64)}) {
    ok = ok && seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 0, nullptr) == 0;
  }
#endif
  return ok;
}

/// What no library does in passing raises SIGSYS. A thread that blocks all signals ends the process by it, so
/// posix_spawn(), which does, and its clone of a shared memory stay silent.
bool add_told(scmp_filter_ctx filter) {
  bool ok = true;
  for (const ToldCall& call : told_calls())
    if (call.always) ok = ok && seccomp_rule_add_array(filter, SCMP_ACT_TRAP, call.number, 0, nullptr) == 0;
  const auto tell_if = [&](int number, unsigned argument, scmp_compare compare, std::uint64_t a,
                           std::uint64_t b = 0) {
    ok = ok && add_if(filter, SCMP_ACT_TRAP, number, argument, compare, a, b);
  };
  tell_if(SCMP_SYS(clone), 0, SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_VM, 0);
  tell_if(SCMP_SYS(tgkill), 0, SCMP_CMP_NE, kPidPlaceholder);
  for (const int command : {F_SETOWN, F_SETSIG, F_SETOWN_EX})
    tell_if(SCMP_SYS(fcntl), 1, SCMP_CMP_EQ, static_cast<std::uint64_t>(command));
#ifndef TOOLPOST_SANITIZED  // whose filter lets it pass
  tell_if(SCMP_SYS(prlimit64), 2, SCMP_CMP_NE, 0);
#endif
  return ok;
}

}  // namespace

Result<std::vector<sock_filter>> make_seccomp_program(Refusing how) {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  if (filter == nullptr) return Error{Errc::unsupported, "sandbox: this kernel has no seccomp filters"};
  const UniqueFd file(memfd_create("toolpost-seccomp", MFD_CLOEXEC));
  // A call by another architecture's numbers (int 0x80) would otherwise end one thread and leave the rest.
  const bool made = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 &&
                    add_rules(filter) && (how == Refusing::silently || add_told(filter)) && file &&
                    seccomp_export_bpf(filter, file.get()) == 0;
  seccomp_release(filter);
  const off_t size = made ? lseek(file.get(), 0, SEEK_END) : -1;
  if (size <= 0) return Error{Errc::unsupported, "sandbox: the seccomp program cannot be made"};
  std::vector<sock_filter> program(static_cast<std::size_t>(size) / sizeof(sock_filter));
  if (pread(file.get(), program.data(), static_cast<std::size_t>(size), 0) != size)
    return sandbox_error("seccomp program");
  return program;
}

Result<void> enter_seccomp(std::vector<sock_filter> program) {
  for (sock_filter& step : program) {
    if (step.k == kPidPlaceholder) step.k = static_cast<std::uint32_t>(getpid());
  }
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0) return sandbox_error("seccomp");
  return {};
}

}  // namespace toolpost
