#include "telemetry/secret.hpp"

#include <sys/stat.h>

#include <sstream>

#include "catch.hpp"
#include "scratch_folder.hpp"

using namespace toolpost;

namespace {

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };
static_assert(!Printable<Secret>);
static_assert(!std::is_copy_constructible_v<Secret> && !std::is_convertible_v<Secret, std::string>);

const char* no_environment(const char*) {
  return nullptr;
}

std::string write_key(const ScratchFolder& folder, const std::string& text, mode_t mode) {
  const std::string path = folder / "glm.key";
  std::ofstream(path, std::ios::binary) << text;
  REQUIRE(::chmod(path.c_str(), mode) == 0);
  return path;
}

Result<Secret> load(const std::string& path) {
  return load_secret({"", path}, no_environment);
}

bool refuses(const Result<Secret>& result, const std::string& words) {
  if (result) return false;
  UNSCOPED_INFO(result.error().message);
  return result.error().code == Errc::invalid_config &&
         result.error().message.find(words) != std::string::npos &&
         result.error().message.find("CANARY") == std::string::npos;
}

}  // namespace

TEST_CASE("secret: comes from a variable, without its line end", "[telemetry]") {
  const auto environment = [](const char* name) {
    return std::string_view(name) == "KEY" ? "CANARY-1\n" : nullptr;
  };
  const auto secret = load_secret({"KEY", ""}, environment);
  REQUIRE(secret);
  CHECK(secret->reveal() == "CANARY-1");
  CHECK(secret->name() == "KEY");
  CHECK(refuses(load_secret({"OTHER", ""}, environment), "the environment variable OTHER is not set"));
}

TEST_CASE("secret: a source is exactly one of variable, file and command", "[telemetry]") {
  CHECK(refuses(load_secret({"", ""}, no_environment), "exactly one"));
  CHECK(refuses(load_secret({"A", "/b"}, no_environment), "exactly one"));
  CHECK(refuses(load_secret({"A", "", {"/b"}}, no_environment), "exactly one"));
}

TEST_CASE("secret: comes from a private file", "[telemetry]") {
  const ScratchFolder folder;
  for (const mode_t mode : {0600, 0400}) {
    const auto secret = load(write_key(folder, "CANARY-2\r\n", mode));
    REQUIRE(secret);
    CHECK(secret->reveal() == "CANARY-2");
    CHECK(secret->name() == "glm.key");
  }
}

TEST_CASE("secret: a file that others may use is refused, whatever they may do", "[telemetry]") {
  const ScratchFolder folder;
  for (const mode_t mode : {0640, 0620, 0610, 0604, 0602, 0601, 0700, 0644})
    CHECK(refuses(load(write_key(folder, "CANARY", mode)), "run chmod 600"));
}

TEST_CASE("secret: only regular files are read, and a FIFO does not stall", "[telemetry]") {
  const ScratchFolder folder;
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
  CHECK(refuses(load(folder / "fifo"), "not a regular file"));
  CHECK(refuses(load(folder / ""), "not a regular file"));
  CHECK(refuses(load("/dev/null"), "not a regular file"));
  CHECK(refuses(load(folder / "missing"), "cannot be opened: No such file"));
}

TEST_CASE("secret: a file of another user is refused", "[telemetry]") {
  if (::geteuid() == 0) {
    const ScratchFolder folder;
    const std::string path = write_key(folder, "CANARY", 0600);
    REQUIRE(::chown(path.c_str(), 65534, 65534) == 0);
    CHECK(refuses(load(path), "belongs to another user (uid 65534)"));
  } else {
    CHECK(refuses(load("/etc/hostname"), "belongs to another user (uid 0)"));
  }
}

TEST_CASE("secret: values that cannot stand in a header are refused", "[telemetry]") {
  const ScratchFolder folder;
  CHECK(refuses(load(write_key(folder, "", 0600)), "is empty"));
  CHECK(refuses(load(write_key(folder, "\n", 0600)), "is empty"));
  CHECK(refuses(load(write_key(folder, "CANARY\nX-Evil: 1\n", 0600)), "more than one line"));
  CHECK(refuses(load(write_key(folder, "CANARY\xC3\xA9", 0600)), "characters that no key has"));
  CHECK(refuses(load(write_key(folder, " CANARY", 0600)), "begins or ends with a space"));
}

TEST_CASE("secret: sixteen kibibytes are read, one byte more is not", "[telemetry]") {
  const ScratchFolder folder;
  const std::string most(16 * 1024, 'k');
  CHECK(load(write_key(folder, most + "\r\n", 0600)));
  CHECK(refuses(load(write_key(folder, most + "k", 0600)), "larger than 16 KiB"));
  CHECK(refuses(load(write_key(folder, most + most, 0600)), "larger than 16 KiB"));
}

TEST_CASE("secret: moving leaves nothing behind", "[telemetry]") {
  Secret first("A", "value-one");
  Secret second(std::move(first));
  CHECK(second.reveal() == "value-one");
  CHECK(first.reveal().empty());
  Secret third("B", "value-two");
  third = std::move(second);
  CHECK(third.reveal() == "value-one");
  CHECK(third.name() == "A");
  CHECK(second.reveal().empty());
}
