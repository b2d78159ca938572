#include "cli/host_socket.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/random.hpp"

namespace toolpost {
namespace {

Error failed(const std::string& what) {
  return {Errc::unavailable, what + ": " + std::generic_category().message(errno)};
}

/// A socket's path may have 107 bytes and a state folder's more, so it is named through the folder's
/// descriptor.
sockaddr_un address_in(int folder, const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(folder) + "/" + name;
  std::memcpy(address.sun_path, path.c_str(), std::min(path.size(), sizeof address.sun_path - 1));
  return address;
}

bool same_user(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid();
}

}  // namespace

Result<std::unique_ptr<HostSocket>> HostSocket::open(EventLoop& loop, const std::string& state_dir,
                                                     std::function<std::string()> document) {
  const std::string path = state_dir + "/hosts";
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return failed(path);
  UniqueFd folder(::open(path.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return failed(path);
  UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener) return failed("a socket");
  // Before bind: the file takes the socket's mode, so there is no moment in which others may connect.
  if (::fchmod(listener.get(), 0600) != 0) return failed("a socket");
  SystemRandom random;
  std::string name = std::to_string(::getpid()) + "-" + random.id().substr(0, 8) + ".sock";
  const sockaddr_un address = address_in(folder.get(), name);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.get(), static_cast<int>(kReadersMax)) != 0)
    return failed(path + "/" + name);
  return std::unique_ptr<HostSocket>(
      new HostSocket(loop, std::move(folder), std::move(name), std::move(listener), std::move(document)));
}

HostSocket::HostSocket(EventLoop& loop, UniqueFd folder, std::string name, UniqueFd listener,
                       std::function<std::string()> document)
    : loop_(loop),
      folder_(std::move(folder)),
      name_(std::move(name)),
      listener_(std::move(listener)),
      document_(std::move(document)) {
  watch_ = loop_.watch(listener_.get(), EventLoop::Interest::read,
                       [this](EventLoop::Interest) { accept_reader(); });
}

HostSocket::~HostSocket() {
  for (auto& [fd, reader] : readers_) loop_.cancel(reader.bound);
  ::unlinkat(folder_.get(), name_.c_str(), 0);
}

void HostSocket::accept_reader() {
  UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd || readers_.size() >= kReadersMax || !same_user(fd.get())) return;
  std::string text = document_();
  if (text.size() > kDocumentMax) return;
  const int key = fd.get();
  Reader& reader = readers_[key];
  reader.fd = std::move(fd);
  reader.text = std::move(text);
  reader.bound = loop_.after(kReaderMax, [this, key] { drop(key); });
  reader.watch =
      loop_.watch(key, EventLoop::Interest::write, [this, key](EventLoop::Interest) { send_more(key); });
}

void HostSocket::send_more(int fd) {
  Reader& reader = readers_.at(fd);
  const ssize_t sent =
      ::send(fd, reader.text.data() + reader.sent, reader.text.size() - reader.sent, MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (sent > 0) reader.sent += static_cast<std::size_t>(sent);
  // Posted: this runs inside the watch that would go.
  if (sent <= 0 || reader.sent == reader.text.size()) {
    reader.watch->want(EventLoop::Interest::none);
    loop_.cancel(reader.bound);
    reader.bound = loop_.after(Millis(0), [this, fd] { drop(fd); });
  }
}

void HostSocket::drop(int fd) {
  readers_.erase(fd);
}

namespace {

/// What a host says; nothing when it is gone (`gone` is set then) or does not answer.
std::string read_document(int folder, const std::string& name, bool& gone) {
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const sockaddr_un address = address_in(folder, name);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    gone = errno == ECONNREFUSED;
    return "";
  }
  const SystemTime time;
  const Deadline deadline(time.now() + HostSocket::kReaderMax);
  std::string text;
  char bytes[65536];
  for (;;) {
    const Duration left = deadline.remaining(time.now());
    pollfd waited{fd.get(), POLLIN, 0};
    if (left <= Duration::zero() || ::poll(&waited, 1, static_cast<int>(to_ms(left)) + 1) <= 0) return "";
    const ssize_t got = ::read(fd.get(), bytes, sizeof bytes);
    if (got == 0) return text;
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0 || text.size() + static_cast<std::size_t>(got) > HostSocket::kDocumentMax) return "";
    text.append(bytes, static_cast<std::size_t>(got));
  }
}

}  // namespace

std::map<std::string, std::string> read_host_documents(const std::string& state_dir) {
  std::map<std::string, std::string> documents;
  const UniqueFd folder(::open((state_dir + "/hosts").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return documents;
  DIR* listing = ::fdopendir(::fcntl(folder.get(), F_DUPFD_CLOEXEC, 0));
  if (listing == nullptr) return documents;
  while (const dirent* entry = ::readdir(listing)) {
    const std::string name = entry->d_name;
    if (!name.ends_with(".sock")) continue;
    bool gone = false;
    std::string text = read_document(folder.get(), name, gone);
    if (gone) ::unlinkat(folder.get(), name.c_str(), 0);
    if (!text.empty()) documents[name] = std::move(text);
  }
  ::closedir(listing);
  return documents;
}

}  // namespace toolpost
