#include "worker/refused_calls.hpp"

#include <seccomp.h>
#include <ucontext.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace toolpost {
namespace {

// SYS_SECCOMP of the kernel's <asm-generic/siginfo.h>, which cannot be included beside <csignal>.
constexpr int kRaisedBySeccomp = 1;

constexpr auto kProcesses = RefusedPower::processes;
constexpr auto kNetwork = RefusedPower::network;
constexpr auto kPrivileges = RefusedPower::privileges;
constexpr auto kFiles = RefusedPower::files;

const ToldCall kToldCalls[] = {
    // starting, ending, reading and steering processes
    {SCMP_SYS(clone), kProcesses, false},
    {SCMP_SYS(fork), kProcesses},
    {SCMP_SYS(vfork), kProcesses},
    {SCMP_SYS(execve), kProcesses},
    {SCMP_SYS(execveat), kProcesses},
    {SCMP_SYS(kill), kProcesses},
    {SCMP_SYS(tkill), kProcesses},
    {SCMP_SYS(tgkill), kProcesses, false},
    {SCMP_SYS(rt_sigqueueinfo), kProcesses},
    {SCMP_SYS(rt_tgsigqueueinfo), kProcesses},
    {SCMP_SYS(pidfd_open), kProcesses},
    {SCMP_SYS(pidfd_send_signal), kProcesses},
    {SCMP_SYS(pidfd_getfd), kProcesses},
    {SCMP_SYS(fcntl), kProcesses, false},
    {SCMP_SYS(ptrace), kProcesses},
    {SCMP_SYS(process_vm_readv), kProcesses},
    {SCMP_SYS(process_vm_writev), kProcesses},
    {SCMP_SYS(kcmp), kProcesses},
    {SCMP_SYS(setpgid), kProcesses},
    {SCMP_SYS(setsid), kProcesses},
    // the network, and sockets of any kind
    {SCMP_SYS(socket), kNetwork},
    {SCMP_SYS(socketpair), kNetwork},
    {SCMP_SYS(connect), kNetwork},
    {SCMP_SYS(bind), kNetwork},
    {SCMP_SYS(listen), kNetwork},
    {SCMP_SYS(accept), kNetwork},
    {SCMP_SYS(accept4), kNetwork},
    // the account's and the machine's privileges
    {SCMP_SYS(prlimit64), kPrivileges, false},
    {SCMP_SYS(setrlimit), kPrivileges},
    {SCMP_SYS(mount), kPrivileges},
    {SCMP_SYS(umount2), kPrivileges},
    {SCMP_SYS(move_mount), kPrivileges},
    {SCMP_SYS(open_tree), kPrivileges},
    {SCMP_SYS(fsopen), kPrivileges},
    {SCMP_SYS(pivot_root), kPrivileges},
    {SCMP_SYS(chroot), kPrivileges},
    {SCMP_SYS(unshare), kPrivileges},
    {SCMP_SYS(setns), kPrivileges},
    {SCMP_SYS(setuid), kPrivileges},
    {SCMP_SYS(setgid), kPrivileges},
    {SCMP_SYS(setreuid), kPrivileges},
    {SCMP_SYS(setregid), kPrivileges},
    {SCMP_SYS(setresuid), kPrivileges},
    {SCMP_SYS(setresgid), kPrivileges},
    {SCMP_SYS(setgroups), kPrivileges},
    {SCMP_SYS(capset), kPrivileges},
    {SCMP_SYS(bpf), kPrivileges},
    {SCMP_SYS(perf_event_open), kPrivileges},
    {SCMP_SYS(userfaultfd), kPrivileges},
    {SCMP_SYS(io_uring_setup), kPrivileges},
    {SCMP_SYS(keyctl), kPrivileges},
    {SCMP_SYS(add_key), kPrivileges},
    {SCMP_SYS(request_key), kPrivileges},
    {SCMP_SYS(init_module), kPrivileges},
    {SCMP_SYS(finit_module), kPrivileges},
    {SCMP_SYS(kexec_load), kPrivileges},
    {SCMP_SYS(reboot), kPrivileges},
    {SCMP_SYS(syslog), kPrivileges},
    {SCMP_SYS(shmget), kPrivileges},
    // changing what lies in folders; what opening refuses is Landlock's, and silent
    {SCMP_SYS(open_by_handle_at), kFiles},
    {SCMP_SYS(name_to_handle_at), kFiles},
    {SCMP_SYS(chmod), kFiles},
    {SCMP_SYS(fchmod), kFiles},
    {SCMP_SYS(fchmodat), kFiles},
    {SCMP_SYS(chown), kFiles},
    {SCMP_SYS(fchown), kFiles},
    {SCMP_SYS(lchown), kFiles},
    {SCMP_SYS(fchownat), kFiles},
    {SCMP_SYS(link), kFiles},
    {SCMP_SYS(linkat), kFiles},
    {SCMP_SYS(symlink), kFiles},
    {SCMP_SYS(symlinkat), kFiles},
    {SCMP_SYS(rename), kFiles},
    {SCMP_SYS(renameat), kFiles},
    {SCMP_SYS(renameat2), kFiles},
    {SCMP_SYS(mknod), kFiles},
    {SCMP_SYS(mknodat), kFiles},
    {SCMP_SYS(setxattr), kFiles},
};

std::atomic<std::atomic<std::uint64_t>*> counts_of_process{nullptr};

/// In place of the call, which the kernel did not make. Async-signal-safe.
void on_refused_call(int, siginfo_t* info, void* context) {
  if (info->si_code != kRaisedBySeccomp) return;  // somebody raised it
  const auto told = std::find_if(std::begin(kToldCalls), std::end(kToldCalls),
                                 [&](const ToldCall& one) { return one.number == info->si_syscall; });
  std::atomic<std::uint64_t>* counts = counts_of_process.load();
  if (told != std::end(kToldCalls) && counts != nullptr)
    counts[static_cast<std::size_t>(told->power)].fetch_add(1, std::memory_order_relaxed);
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  registers.gregs[REG_RAX] = -EPERM;
#elif defined(__aarch64__)
  registers.regs[0] = static_cast<unsigned long long>(-EPERM);
#else
#error "where does this architecture return from a system call?"
#endif
}

}  // namespace

std::span<const ToldCall> told_calls() {
  return kToldCalls;
}

Result<void> count_refused_calls(std::atomic<std::uint64_t>* counts) {
  counts_of_process.store(counts);
  struct sigaction action{};
  action.sa_sigaction = on_refused_call;
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  if (sigaction(SIGSYS, &action, nullptr) != 0)
    return Error{Errc::unsupported, std::string("sandbox: SIGSYS: ") + std::strerror(errno)};
  return {};
}

}  // namespace toolpost
