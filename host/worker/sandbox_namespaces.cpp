#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>

#include "base/unique_fd.hpp"
#include "worker/sandbox_steps.hpp"

namespace toolpost {
namespace {

bool write_file(const char* path, const std::string& text) {
  const UniqueFd file(open(path, O_WRONLY | O_CLOEXEC));
  return file && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// In the new user namespace we are who we were, and nobody else exists.
bool map_ids(uid_t user, gid_t group) {
  // The files of an undumpable process belong to root; nothing foreign runs here yet.
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  const auto map = [](unsigned id) { return std::to_string(id) + " " + std::to_string(id) + " 1\n"; };
  const bool mapped = write_file("/proc/self/setgroups", "deny") &&
                      write_file("/proc/self/uid_map", map(user)) &&
                      write_file("/proc/self/gid_map", map(group));
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  return mapped;
}

/// `mkdir -p` of the folders above `path`, which begins with "/", inside `root`.
void make_folders(int root, const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    mkdirat(root, path.substr(1, slash - 1).c_str(), 0555);
  }
}

/// Shows `path` at the same place inside `root`, read-only. A path that does not exist is left out.
bool show(int root, const std::string& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) return errno == ENOENT || errno == ENOTDIR;
  const char* inside = path.c_str() + 1;
  make_folders(root, path);
  if (S_ISLNK(status.st_mode)) {
    // "/lib" is a link to "usr/lib" on most systems; a link elsewhere is followed instead.
    char target[PATH_MAX];
    const ssize_t size = readlink(path.c_str(), target, sizeof target - 1);
    if (size > 4 && std::strncmp(target, "usr/", 4) == 0) {
      target[size] = '\0';
      return symlinkat(target, root, inside) == 0;
    }
    if (stat(path.c_str(), &status) != 0) return errno == ENOENT;
  }
  const bool folder = S_ISDIR(status.st_mode);
  const UniqueFd tree(open_tree(AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
  if (!tree) return false;
  mount_attr attributes{};
  attributes.attr_set =
      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | (S_ISCHR(status.st_mode) ? 0 : MOUNT_ATTR_NODEV);
  if (mount_setattr(tree.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes) != 0)
    return false;
  if (folder) {
    mkdirat(root, inside, 0555);
  } else if (const UniqueFd file(openat(root, inside, O_WRONLY | O_CREAT | O_CLOEXEC, 0444)); !file) {
    return false;
  }
  return move_mount(tree.get(), "", root, inside, MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

UniqueFd make_root() {
  const UniqueFd context(fsopen("tmpfs", FSOPEN_CLOEXEC));
  if (!context || fsconfig(context.get(), FSCONFIG_SET_STRING, "size", "64k", 0) != 0 ||
      fsconfig(context.get(), FSCONFIG_SET_STRING, "mode", "0555", 0) != 0 ||
      fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    return {};
  }
  return UniqueFd(fsmount(context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
}

bool show_all(int root, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (!show(root, path)) return false;
  }
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  return mount_setattr(root, "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0;
}

/// Enters a root that holds only `paths`. It is put together over `point`, a folder that is not among them.
/// False: nothing is changed.
Result<bool> change_root(const char* point, const std::vector<std::string>& paths) {
  const UniqueFd root = make_root();
  if (!root || move_mount(root.get(), "", AT_FDCWD, point, MOVE_MOUNT_F_EMPTY_PATH) != 0) return false;
  if (!show_all(root.get(), paths)) {
    if (umount2(point, MNT_DETACH) != 0) return sandbox_error("taking the new root back");
    return false;
  }
  // The old root ends up on top of the new one, and is taken off.
  if (fchdir(root.get()) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0 ||
      chdir("/") != 0) {
    return sandbox_error("changing the root");
  }
  return true;
}

}  // namespace

Result<bool> enter_namespaces(const std::vector<std::string>& paths) {
  const uid_t user = geteuid();
  const gid_t group = getegid();
  // No pid namespace: its first process cannot be ended by its own abort() or raise(), and to be another one
  // takes a process more for each worker. Signals to others are refused by seccomp, and /proc is not there to
  // be seen.
  constexpr int kNamespaces =
      CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
  if (unshare(kNamespaces) != 0 || !map_ids(user, group)) return false;
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  return change_root("/proc", paths);
}

}  // namespace toolpost
