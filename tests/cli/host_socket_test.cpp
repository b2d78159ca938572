#include "cli/host_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <thread>

#include "cli/prometheus_merge.hpp"
#include "program.hpp"

using namespace toolpost;

namespace {

/// A socket with a loop of its own in a thread, as if another process held it.
class SocketWorld {
 public:
  explicit SocketWorld(std::string document) : document_(std::move(document)) {
    auto opened = HostSocket::open(loop_, home_.path(), [this] { return document_; });
    REQUIRE(opened);
    socket_ = std::move(*opened);
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~SocketWorld() {
    loop_.post([this] {
      socket_.reset();
      loop_.stop();
    });
    thread_.join();
  }
  const ProgramHome& home() const { return home_; }
  std::string file() const {
    return std::filesystem::directory_iterator(home_.path() + "/hosts")->path().string();
  }
  UniqueFd connect() const {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, file().c_str(), sizeof address.sun_path - 1);
    REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return fd;
  }

 private:
  ProgramHome home_;
  const std::string document_;
  EventLoop loop_;
  std::unique_ptr<HostSocket> socket_;
  std::thread thread_;
};

std::size_t read_all(const UniqueFd& fd) {
  std::size_t size = 0;
  char bytes[65536];
  for (ssize_t got; (got = ::read(fd.get(), bytes, sizeof bytes)) > 0;) size += static_cast<std::size_t>(got);
  return size;
}

}  // namespace

TEST_CASE("host socket: gives a document larger than a socket's buffer, and is private", "[cli][status]") {
  const SocketWorld world(std::string(3 << 20, 'x'));
  const auto documents = read_host_documents(world.home().path());
  REQUIRE(documents.size() == 1);
  CHECK(documents.begin()->second.size() == 3 << 20);
  struct stat status{};
  REQUIRE(::stat(world.file().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  REQUIRE(::stat((world.home().path() + "/hosts").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
}

TEST_CASE("host socket: a document of the bound is sent, a larger one is not", "[cli][status]") {
  const SocketWorld fits(std::string(HostSocket::kDocumentMax, 'x'));
  CHECK(read_host_documents(fits.home().path()).size() == 1);
  const SocketWorld larger(std::string(HostSocket::kDocumentMax + 1, 'x'));
  CHECK(read_host_documents(larger.home().path()).empty());
}

TEST_CASE("host socket: eight readers that do not read are served beside each other, the ninth is sent away",
          "[cli][status]") {
  const SocketWorld world(std::string(4 << 20, 'x'));
  std::vector<UniqueFd> idle;
  for (std::size_t i = 0; i < HostSocket::kReadersMax; ++i) {
    idle.push_back(world.connect());
    // Its first byte shows that it was accepted.
    char byte = 0;
    REQUIRE(::read(idle.back().get(), &byte, 1) == 1);
  }
  CHECK(read_all(world.connect()) == 0);
  // One that takes all of it makes room for another.
  CHECK(read_all(idle.front()) == (4 << 20) - 1);
}

TEST_CASE("host socket: a reader that takes nothing is cut off after its time", "[cli][status]") {
  const SocketWorld world(std::string(4 << 20, 'x'));
  const UniqueFd idle = world.connect();
  // The end of the connection without its last bytes; until then this waits.
  pollfd waited{idle.get(), POLLRDHUP, 0};
  CHECK(::poll(&waited, 1, 60'000) == 1);
  CHECK(read_all(idle) < 4 << 20);
}

TEST_CASE("metrics of several hosts: each sample says whose it is, each family is described once",
          "[cli][status]") {
  const std::string first =
      "# HELP a_total A.\n# TYPE a_total counter\na_total{x=\"1\"} 2\n# HELP b B.\n# TYPE b gauge\nb 3\n";
  const std::string second = "# HELP a_total A.\n# TYPE a_total counter\na_total{x=\"2\"} 4\n";
  CHECK(merge_metrics({{"1-a", first}, {"2-b", second}}) ==
        "# HELP a_total A.\n# TYPE a_total counter\na_total{host=\"1-a\",x=\"1\"} "
        "2\na_total{host=\"2-b\",x=\"2\"} 4\n"
        "# HELP b B.\n# TYPE b gauge\nb{host=\"1-a\"} 3\n");
  CHECK(merge_metrics({}).empty());
}
