#pragma once
// A running host tells its state to whoever of the same user connects to its socket in the state folder:
// one JSON document, then the end. Takes no input. docs/decisions/0010 says why a socket.

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/event_loop.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace toolpost {

/// Threads: the loop's.
class HostSocket {
 public:
  static constexpr std::size_t kReadersMax = 8;  // further ones are closed at once
  static constexpr Millis kReaderMax{2'000};     // a reader that has not taken it all by then is closed
  static constexpr std::size_t kDocumentMax = 8 << 20;  // a larger document is not sent

  /// Makes `<state_dir>/hosts/<pid>-<random>.sock` (folder 0700, socket 0600); it goes with this object.
  /// `document` is asked for each reader. Errors: unavailable. Lifetime: borrows `loop`.
  static Result<std::unique_ptr<HostSocket>> open(EventLoop& loop, const std::string& state_dir,
                                                  std::function<std::string()> document);
  ~HostSocket();
  HostSocket(const HostSocket&) = delete;
  HostSocket& operator=(const HostSocket&) = delete;

 private:
  struct Reader {
    UniqueFd fd;
    std::string text;
    std::size_t sent = 0;
    TimerId bound;
    std::unique_ptr<EventLoop::Watch> watch;
  };

  HostSocket(EventLoop& loop, UniqueFd folder, std::string name, UniqueFd listener,
             std::function<std::string()> document);
  void accept_reader();
  void send_more(int fd);
  void drop(int fd);

  EventLoop& loop_;
  const UniqueFd folder_;
  const std::string name_;
  const UniqueFd listener_;
  const std::function<std::string()> document_;
  std::map<int, Reader> readers_;
  std::unique_ptr<EventLoop::Watch> watch_;
};

/// The documents of all hosts of a state folder, by name of their sockets. Sockets of hosts that are gone are
/// removed. A host that does not answer within two seconds is left out. Blocks: for commands, not for hosts.
std::map<std::string, std::string> read_host_documents(const std::string& state_dir);

}  // namespace toolpost
