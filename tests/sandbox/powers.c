#define _GNU_SOURCE
#include "powers.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static enum power_outcome verdict(long result) {
  if (result >= 0) return POWER_WORKED;
  return errno == ENOSYS ? POWER_ABSENT : POWER_REFUSED;
}
static enum power_outcome fd_verdict(long fd) {
  const enum power_outcome outcome = verdict(fd);
  if (fd >= 0) close((int)fd);
  return outcome;
}

/* --- level 1: limits and privileges --- */
static enum power_outcome raise_limit(const struct target* t) {
  (void)t;
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return POWER_REFUSED;
  limit.rlim_cur = limit.rlim_max += 1;
  return verdict(setrlimit(RLIMIT_NOFILE, &limit));
}
static enum power_outcome change_root(const struct target* t) {
  (void)t;
  return verdict(chroot("/"));
}
static enum power_outcome mount_something(const struct target* t) {
  const int mounted = mount("none", t->folder, "tmpfs", 0, 0);
  const enum power_outcome outcome = verdict(mounted);
  if (mounted == 0) umount2(t->folder, MNT_DETACH);
  return outcome;
}
static enum power_outcome open_by_handle(const struct target* t) {
  struct {
    struct file_handle head;
    unsigned char bytes[128];
  } handle;
  memset(&handle, 0, sizeof handle);
  handle.head.handle_bytes = sizeof handle.bytes;
  int mount_id = 0;
  if (syscall(SYS_name_to_handle_at, AT_FDCWD, t->folder, &handle, &mount_id, 0) != 0) return POWER_REFUSED;
  const int at = open(t->folder, O_RDONLY | O_DIRECTORY);
  const long fd = syscall(SYS_open_by_handle_at, at, &handle, O_RDONLY);
  const enum power_outcome outcome = fd_verdict(fd);
  if (at >= 0) close(at);
  return outcome;
}
static enum power_outcome use_device(const struct target* t) {
  (void)t;
  const int fd = open("/dev/mem", O_RDONLY);
  if (fd < 0) return errno == ENOENT ? POWER_ABSENT : POWER_REFUSED;
  void* at = mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  return at == MAP_FAILED ? POWER_REFUSED : POWER_WORKED;
}
static enum power_outcome write_large_file(const struct target* t) {
  (void)t;
  signal(SIGXFSZ, SIG_IGN);
  const int fd = (int)syscall(SYS_memfd_create, "large", 0);
  const enum power_outcome outcome = verdict(ftruncate(fd, 1L << 30));
  close(fd);
  return outcome;
}
static enum power_outcome open_many(const struct target* t) {
  (void)t;
  int fds[300];
  int opened = 0;
  while (opened < 300 && (fds[opened] = dup(0)) >= 0) ++opened;
  const enum power_outcome outcome = opened == 300 ? POWER_WORKED : POWER_REFUSED;
  while (opened > 0) close(fds[--opened]);
  return outcome;
}

/* --- level 2: other processes, the network, the kernel's wilder parts --- */
static enum power_outcome start_process(const struct target* t) {
  (void)t;
  const long child = syscall(SYS_fork);
  if (child == 0) _exit(0);
  if (child > 0) waitpid((pid_t)child, 0, 0);
  return verdict(child);
}
static enum power_outcome clone_process(const struct target* t) {
  (void)t;
  const long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (child == 0) _exit(0);
  if (child > 0) waitpid((pid_t)child, 0, 0);
  return verdict(child);
}
static enum power_outcome start_program(const struct target* t) {
  (void)t;
  /* A program that is not there: what counts is whether the kernel looks. */
  char* arguments[] = {0};
  syscall(SYS_execve, "/nonexistent", arguments, arguments);
  return errno == ENOENT ? POWER_WORKED : POWER_REFUSED;
}
static enum power_outcome start_memfd(const struct target* t) {
  (void)t;
  const int fd = (int)syscall(SYS_memfd_create, "program", 0);
  char* arguments[] = {0};
  syscall(SYS_execveat, fd, "", arguments, arguments, AT_EMPTY_PATH);
  const int code = errno;
  close(fd);
  return code == ENOEXEC || code == EACCES ? POWER_WORKED : POWER_REFUSED;
}
static enum power_outcome internet_socket(const struct target* t) {
  (void)t;
  return fd_verdict(socket(AF_INET, SOCK_STREAM, 0));
}
static enum power_outcome datagram_socket(const struct target* t) {
  (void)t;
  return fd_verdict(socket(AF_INET6, SOCK_DGRAM, 0));
}
static enum power_outcome unix_socket(const struct target* t) {
  (void)t;
  return fd_verdict(socket(AF_UNIX, SOCK_STREAM, 0));
}
static enum power_outcome socket_pair(const struct target* t) {
  (void)t;
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) return verdict(-1);
  close(fds[0]);
  close(fds[1]);
  return POWER_WORKED;
}
static enum power_outcome netlink_socket(const struct target* t) {
  (void)t;
  return fd_verdict(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
}
static enum power_outcome signal_other(const struct target* t) {
  return verdict(kill(t->pid, 0));
}
static enum power_outcome signal_thread(const struct target* t) {
  return verdict(syscall(SYS_tgkill, t->pid, t->pid, 0));
}
static enum power_outcome signal_queue(const struct target* t) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  info.si_code = SI_QUEUE;
  return verdict(syscall(SYS_rt_sigqueueinfo, t->pid, 0, &info));
}
static enum power_outcome signal_by_fd(const struct target* t) {
  return fd_verdict(syscall(SYS_pidfd_open, t->pid, 0));
}
static enum power_outcome signal_by_owner(const struct target* t) {
  /* The kernel signals the owner of a descriptor when there is something to read; any signal can be chosen.
   */
  int fds[2];
  if (pipe2(fds, O_NONBLOCK) != 0) return POWER_REFUSED;
  const int set = fcntl(fds[0], F_SETOWN, t->pid);
  const enum power_outcome outcome = verdict(set);
  close(fds[0]);
  close(fds[1]);
  return outcome;
}
static enum power_outcome ignore_refusals(const struct target* t) {
  (void)t;
  struct sigaction deaf = {.sa_handler = SIG_IGN};
  return verdict(sigaction(SIGSYS, &deaf, NULL));
}
static enum power_outcome signal_by_death(const struct target* t) {
  (void)t;
  return verdict(prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0)); /* which would let it outlive the host */
}
static enum power_outcome trace_other(const struct target* t) {
  const long result = ptrace(PTRACE_SEIZE, t->pid, 0, 0);
  if (result == 0) ptrace(PTRACE_DETACH, t->pid, 0, 0);
  return verdict(result);
}
static enum power_outcome read_other(const struct target* t) {
  char byte = 0;
  struct iovec here = {&byte, 1};
  struct iovec there = {(void*)&powers_count, 1};
  return verdict(process_vm_readv(t->pid, &here, 1, &there, 1, 0));
}
static enum power_outcome write_other(const struct target* t) {
  char byte = 0;
  struct iovec here = {&byte, 1};
  struct iovec there = {(void*)&byte, 1};
  return verdict(process_vm_writev(t->pid, &here, 1, &there, 1, 0));
}
static enum power_outcome limit_other(const struct target* t) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_CORE, &limit) != 0) return POWER_REFUSED;
  return verdict(prlimit(t->pid, RLIMIT_CORE, &limit, 0));
}
static enum power_outcome change_priority(const struct target* t) {
  (void)t;
  return verdict(setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0)));
}
static enum power_outcome new_session(const struct target* t) {
  (void)t;
  return verdict(syscall(SYS_setpgid, 0, 0));
}
static enum power_outcome own_namespace(const struct target* t) {
  (void)t;
  return verdict(unshare(CLONE_NEWUSER));
}
static enum power_outcome foreign_namespace(const struct target* t) {
  (void)t;
  return verdict(setns(0, 0)) == POWER_WORKED || errno == EINVAL || errno == EBADF ? POWER_WORKED
                                                                                   : POWER_REFUSED;
}
static enum power_outcome io_uring(const struct target* t) {
  (void)t;
  char parameters[256];
  memset(parameters, 0, sizeof parameters);
  return fd_verdict(syscall(425 /* io_uring_setup */, 1, parameters));
}
static enum power_outcome user_faults(const struct target* t) {
  (void)t;
  return fd_verdict(syscall(SYS_userfaultfd, 1 /* user mode only */));
}
static enum power_outcome bpf_program(const struct target* t) {
  (void)t;
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 4;
  attributes.max_entries = 1;
  return fd_verdict(syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes));
}
static enum power_outcome performance_events(const struct target* t) {
  (void)t;
  struct perf_event_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.size = sizeof attributes;
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.exclude_kernel = 1;
  return fd_verdict(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}
static enum power_outcome kernel_keys(const struct target* t) {
  (void)t;
  return verdict(syscall(SYS_keyctl, 0 /* GET_KEYRING_ID */, -4 /* of the user */, 1));
}
static enum power_outcome seccomp_again(const struct target* t) {
  (void)t;
  return verdict(syscall(SYS_seccomp, 2 /* GET_ACTION_AVAIL */, 0, &(unsigned){0x7fff0000u}));
}
static enum power_outcome type_into_terminal(const struct target* t) {
  (void)t;
  const char letter = 'x';
  /* No terminal here, so the kernel answers ENOTTY where it looks at all. */
  if (ioctl(0, TIOCSTI, &letter) == 0) return POWER_WORKED;
  return errno == ENOTTY || errno == EIO ? POWER_WORKED : POWER_REFUSED;
}
static enum power_outcome lock_file(const struct target* t) {
  const int fd = open(t->file, O_RDONLY);
  const int own = fd >= 0 ? fd : 0;
  struct flock lock = {F_RDLCK, SEEK_SET, 0, 0, 0};
  const enum power_outcome outcome = verdict(fcntl(own, F_SETLK, &lock));
  if (fd >= 0) close(fd);
  return outcome;
}
static enum power_outcome change_mode(const struct target* t) {
  return verdict(chmod(t->file, 0600));
}
static enum power_outcome make_link(const struct target* t) {
  char path[4096];
  snprintf(path, sizeof path, "%s/link", t->folder);
  unlink(path);
  return verdict(symlink("/etc/passwd", path));
}
static enum power_outcome file_handle(const struct target* t) {
  struct {
    struct file_handle head;
    unsigned char bytes[128];
  } handle;
  memset(&handle, 0, sizeof handle);
  handle.head.handle_bytes = sizeof handle.bytes;
  int mount_id = 0;
  if (syscall(SYS_name_to_handle_at, AT_FDCWD, t->folder, &handle, &mount_id, 0) == 0) return POWER_WORKED;
  return errno == EOPNOTSUPP ? POWER_ABSENT : POWER_REFUSED;
}
static enum power_outcome system_log(const struct target* t) {
  (void)t;
  return verdict(syscall(SYS_syslog, 10 /* size of the buffer */, 0, 0)); /* everybody's, unless restricted */
}
static enum power_outcome shared_memory(const struct target* t) {
  (void)t;
  const long id = syscall(SYS_shmget, 0 /* private */, 4096, 0600);
  if (id >= 0) syscall(SYS_shmctl, id, 0 /* remove */, 0);
  return verdict(id);
}

/* --- level 3: files --- */
static enum power_outcome read_file(const struct target* t) {
  return fd_verdict(open(t->file, O_RDONLY));
}
static enum power_outcome write_file(const struct target* t) {
  return fd_verdict(open(t->file, O_WRONLY));
}
static enum power_outcome make_file(const struct target* t) {
  char path[4096];
  snprintf(path, sizeof path, "%s/made", t->folder);
  return fd_verdict(open(path, O_WRONLY | O_CREAT, 0600));
}
static enum power_outcome list_folder(const struct target* t) {
  return fd_verdict(open(t->folder, O_RDONLY | O_DIRECTORY));
}
static enum power_outcome list_root(const struct target* t) {
  (void)t;
  return fd_verdict(open("/etc", O_RDONLY | O_DIRECTORY));
}
static enum power_outcome list_processes(const struct target* t) {
  (void)t;
  return fd_verdict(open("/proc", O_RDONLY | O_DIRECTORY));
}
static enum power_outcome read_own_memory_file(const struct target* t) {
  (void)t;
  return fd_verdict(open("/proc/thread-self/comm", O_RDONLY));
}
static enum power_outcome endless_device(const struct target* t) {
  (void)t;
  return fd_verdict(open("/dev/zero", O_RDONLY));
}

/* --- level 4: even the names of files --- */
static enum power_outcome see_file(const struct target* t) {
  struct stat status;
  return verdict(stat(t->file, &status));
}
static enum power_outcome see_processes(const struct target* t) {
  char path[64];
  struct stat status;
  snprintf(path, sizeof path, "/proc/%d", t->pid);
  return verdict(stat(path, &status));
}

/* --- no level: numbers of processes, not what they are --- */
static enum power_outcome probe_process(const struct target* t) {
  cpu_set_t set;
  return verdict(sched_getaffinity(t->pid, sizeof set, &set));
}

const struct power powers[] = {
    {"raise a limit", raise_limit, 1, 0},
    {"chroot", change_root, 1, 0},
    {"mount", mount_something, 1, 0},
    {"open_by_handle_at", open_by_handle, 1, 0},
    {"map a device", use_device, 1, 0},
    {"write a file past its limit", write_large_file, 1, 1},
    {"open more descriptors than the limit", open_many, 1, 1},
    {"fork", start_process, 2, 1},
    {"clone", clone_process, 2, 1},
    {"execve", start_program, 2, 1},
    {"execveat of a memfd", start_memfd, 2, 1},
    {"internet socket", internet_socket, 2, 1},
    {"datagram socket", datagram_socket, 2, 0},
    {"unix socket", unix_socket, 2, 1},
    {"socketpair", socket_pair, 2, 1},
    {"netlink socket", netlink_socket, 2, 0},
    {"kill", signal_other, 2, 1},
    {"tgkill", signal_thread, 2, 1},
    {"rt_sigqueueinfo", signal_queue, 2, 1},
    {"pidfd_open", signal_by_fd, 2, 1},
    {"signal by F_SETOWN", signal_by_owner, 2, 1},
    {"outlive the host", signal_by_death, 2, 1},
    {"ignore SIGSYS", ignore_refusals, 2, 1},
    {"ptrace", trace_other, 2, 0},
    {"process_vm_readv", read_other, 2, 0},
    {"process_vm_writev", write_other, 2, 0},
    {"prlimit of another", limit_other, 2, 0},
    {"setpriority", change_priority, 2, 1},
    {"setpgid", new_session, 2, 1},
    {"unshare", own_namespace, 2, 0},
    {"setns", foreign_namespace, 2, 1},
    {"io_uring", io_uring, 2, 0},
    {"userfaultfd", user_faults, 2, 0},
    {"bpf", bpf_program, 2, 0},
    {"perf_event_open", performance_events, 2, 0},
    {"keyctl", kernel_keys, 2, 0},
    {"seccomp", seccomp_again, 2, 1},
    {"TIOCSTI", type_into_terminal, 2, 1},
    {"lock a file", lock_file, 2, 1},
    {"chmod", change_mode, 2, 1},
    {"symlink", make_link, 2, 1},
    {"name_to_handle_at", file_handle, 2, 0},
    {"syslog", system_log, 2, 0},
    {"shmget", shared_memory, 2, 0},
    {"read a file", read_file, 3, 1},
    {"write a file", write_file, 3, 1},
    {"make a file", make_file, 3, 1},
    {"list a folder", list_folder, 3, 1},
    {"list /etc", list_root, 3, 1},
    {"list processes", list_processes, 3, 1},
    {"read /proc/self", read_own_memory_file, 3, 0},
    {"open /dev/zero", endless_device, 3, 1},
    {"see that a file exists", see_file, 4, 1},
    {"see that /proc names a process", see_processes, 4, 1},
    {"probe a number for a process", probe_process, 5, 1},
};
const int powers_count = sizeof powers / sizeof powers[0];
