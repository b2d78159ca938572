// A plugin that tries to get out: one method per kind of attack. It tells what it managed, and the tests
// expect nothing.
#include <fcntl.h>
#include <link.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <toolpost/plugin.hpp>

#include "powers.h"

namespace {

using toolpost::json;

// --- looking for the key ---

/// The text that the test hides, masked, so that the search does not find itself.
struct Needle {
  std::array<char, 8> masked{};
  explicit Needle(const std::vector<int>& from) {
    for (std::size_t i = 0; i < masked.size(); ++i) masked[i] = static_cast<char>(from.at(i));
  }
  __attribute__((no_sanitize("address"))) bool at(const char* place) const {
    for (std::size_t i = 0; i < masked.size(); ++i) {
      if ((place[i] ^ 0x55) != masked[i]) return false;
    }
    return true;
  }
};

class MemorySearch {
 public:
  MemorySearch() {
    if (pipe2(pipe_, O_NONBLOCK) != 0) pipe_[0] = pipe_[1] = -1;
  }
  ~MemorySearch() {
    close(pipe_[0]);
    close(pipe_[1]);
  }
  MemorySearch(const MemorySearch&) = delete;
  MemorySearch& operator=(const MemorySearch&) = delete;

  /// Counts `needle` on the readable pages of [from, to). The kernel says which pages can be read: it refuses
  /// to write from the others.
  __attribute__((no_sanitize("address"))) int count(const Needle& needle, std::uintptr_t from,
                                                    std::uintptr_t to) {
    int found = 0;
    for (std::uintptr_t page = from & ~std::uintptr_t{4095}; page < to; page += 4096) {
      const char* bytes = reinterpret_cast<const char*>(page);
      if (!readable(bytes)) continue;
      ++pages;
      const std::size_t end = 4096 - (readable(bytes + 4096) ? 0 : needle.masked.size());
      for (std::size_t i = 0; i < end; ++i) found += needle.at(bytes + i) ? 1 : 0;
    }
    return found;
  }
  int pages = 0;

 private:
  bool readable(const char* place) {
    // Not write(), which a sanitizer looks into.
    if (syscall(SYS_write, pipe_[1], place, 1) != 1) return false;
    char byte;
    return read(pipe_[0], &byte, 1) == 1;
  }
  int pipe_[2];
};

json search_memory(const Needle& needle) {
  MemorySearch search;
  int found = 0;
  struct Context {
    MemorySearch& search;
    const Needle& needle;
    int& found;
  } context{search, needle, found};
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        auto& with = *static_cast<Context*>(data);
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& part = info->dlpi_phdr[i];
          if (part.p_type != PT_LOAD) continue;
          const std::uintptr_t begin = info->dlpi_addr + part.p_vaddr;
          with.found += with.search.count(with.needle, begin, begin + part.p_memsz);
        }
        return 0;
      },
      &context);
  const auto heap = reinterpret_cast<std::uintptr_t>(sbrk(0));
  found += search.count(needle, heap - (8u << 20), heap);
  const auto stack = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  found += search.count(needle, stack - (1u << 20), stack + (1u << 20));
  void* fresh = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const auto mapped = reinterpret_cast<std::uintptr_t>(fresh);
  found += search.count(needle, mapped - (16u << 20), mapped + (16u << 20));
  return {
      {"found", found}, {"pages", search.pages}, {"environment", environ != nullptr && *environ != nullptr}};
}

// --- descriptors ---

std::string kind_of(int fd) {
  struct stat status{};
  if (fstat(fd, &status) != 0) return "?";
  return S_ISSOCK(status.st_mode)   ? "socket"
         : S_ISFIFO(status.st_mode) ? "pipe"
         : S_ISCHR(status.st_mode)  ? "device"
         : S_ISDIR(status.st_mode)  ? "folder"
         : S_ISREG(status.st_mode)  ? "file"
                                    : "other";
}

json descriptors() {
  json open = json::object();
  for (int fd = 0; fd < 1024; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) open[std::to_string(fd)] = kind_of(fd);
  }
  return open;
}

// --- lies on the socket to the host ---

struct Header {
  std::uint32_t magic = 0x31465054;
  std::uint16_t type = 0;
  std::uint16_t flags = 0;
  std::uint32_t size = 0;
  std::uint32_t reserved = 0;
  std::uint64_t number = 0;
};

void say(const Header& header, const std::string& payload = {}, int fd = -1) {
  std::string packet(reinterpret_cast<const char*>(&header), sizeof header);
  packet += payload;
  iovec data{packet.data(), packet.size()};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    cmsghdr align;
  } control{};
  if (fd >= 0) {
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(part), &fd, sizeof fd);
  }
  if (sendmsg(3, &message, 0) < 0) throw toolpost::Error(TOOLPOST_INTERNAL, std::strerror(errno));
}

[[noreturn]] void stay() {
  for (;;) pause();
}

[[noreturn]] void lie(const std::string& how) {
  Header header;
  header.type = 19;  // turn_done
  if (how == "a turn it does not owe") header.number = 999;
  if (how == "no output at all") header.number = 1;
  if (how == "turn zero") header.number = 0;
  if (how == "ready again") header.type = 17;
  if (how == "another level") header.type = 16;
  if (how == "an order of the host") header.type = 2;
  if (how == "no type") header.type = 77;
  if (how == "a foreign magic") header.magic = 1;
  if (how == "reserved bits") header.reserved = 1;
  if (how == "more than it sends") header.size = 100;
  if (how == "four gigabytes") header.size = 0xffffffff;
  if (how == "a descriptor nobody wants") {
    say(header, {}, 0);
    stay();
  }
  if (how == "a device as payload" || how == "an unsealed file as payload") {
    header.flags = 1;
    header.size = 100'000;
    const int file = memfd_create("payload", MFD_ALLOW_SEALING);
    if (ftruncate(file, 100'000) != 0) stay();
    say(header, {}, how == "a device as payload" ? 0 : file);
    stay();
  }
  say(header);
  stay();
}

int calls_seen = 0;

struct Attack : toolpost::Plugin {
  json invoke(toolpost::Call& call, std::string_view method, const json& request) override {
    if (method == "powers") {
      const std::string file = request.at("file");
      const std::string folder = request.at("folder");
      json worked = json::array();
      for (const int pid : request.at("pids").get<std::vector<int>>()) {
        const target at{pid, file.c_str(), folder.c_str()};
        for (int i = 0; i < powers_count; ++i) {
          if (powers[i].use(&at) == POWER_WORKED) worked.push_back(powers[i].name);
        }
      }
      return {{"tried", powers_count}, {"worked", worked}};
    }
    if (method == "open_each") {
      json opened = json::array();
      for (const std::string& path : request.at("paths").get<std::vector<std::string>>()) {
        for (const int how : {O_RDONLY, O_WRONLY, O_RDONLY | O_DIRECTORY}) {
          const int fd = open(path.c_str(), how | O_NONBLOCK);
          if (fd < 0) continue;
          opened.push_back(path);
          close(fd);
        }
      }
      return {{"opened", opened}};
    }
    if (method == "search_memory") return search_memory(Needle(request.at("masked").get<std::vector<int>>()));
    if (method == "descriptors") return descriptors();
    if (method == "lie") lie(request.at("how"));
    if (method == "poison") return {{"calls_seen", ++calls_seen}};
    if (method == "effect") {
      try {
        return {
            {"status", 0},
            {"result", call.perform(request.value("kind", ""), request.value("request", json::object()))}};
      } catch (const toolpost::Error& error) {
        return {{"status", error.status()}, {"message", error.what()}};
      }
    }
    if (method == "old_architecture") {
#if defined(__x86_64__)
      long result = 20;  // getpid by the numbers of 32-bit programs
      __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
      return {{"worked", result > 0}};
#else
      return {{"worked", false}};
#endif
    }
    return {{"ok", true}};
  }
};

}  // namespace

TOOLPOST_PLUGIN(Attack)
