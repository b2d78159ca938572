#pragma once
// A server that does what a script says, byte by byte, so that every way an upstream can fail is provoked
// exactly. Loopback, a free port, one thread per connection; scripts block on the peer or on a gate, never on
// time alone.

#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/unique_fd.hpp"

namespace toolpost {

class ServerConnection {
 public:
  ServerConnection(int fd, int number) : fd_(fd), number_(number) {}

  /// 0 for the server's first connection.
  int number() const { return number_; }
  /// Header and body (by Content-Length) of the next request; "" at the end.
  std::string read_request();
  bool send(std::string_view bytes);
  /// Status 200, with a Content-Length.
  bool answer(std::string_view body, std::string_view headers = "");
  /// Waits until the client closes.
  void wait_closed();
  /// The same for a while; true when it has closed.
  bool wait_closed_for(int ms);
  /// Closes with a reset instead of an end.
  void reset();

 private:
  const int fd_;
  const int number_;
  std::string buffer_;
};

class HttpServer {
 public:
  using Script = std::function<void(ServerConnection&)>;

  explicit HttpServer(Script script);
  ~HttpServer();

  int port() const { return port_; }
  std::string url(std::string_view target = "/") const;
  /// Connections accepted so far.
  int accepted() const;

 private:
  void accept_all();

  const Script script_;
  int port_ = 0;  // before the listener, which fills it in
  UniqueFd listener_;
  mutable std::mutex mutex_;
  std::vector<int> open_;  // guarded: sockets to shut down at the end
  int accepted_ = 0;
  bool stopping_ = false;
  std::list<std::thread> threads_;  // of connections; touched by the accepting thread, then by the destructor
  std::thread acceptor_;
};

/// A port on which nothing listens.
int refused_port();

/// One gzip member.
std::string gzip(std::string_view bytes);

}  // namespace toolpost
