#include "base/private_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "catch.hpp"

using namespace toolpost;

namespace {

struct Scratch {
  std::string path =
      (std::filesystem::temp_directory_path() / ("toolpost_private_" + std::to_string(::getpid()))).string();
  Scratch() { std::filesystem::create_directories(path); }
  ~Scratch() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return path + "/" + name; }
};

unsigned mode_of(const std::string& path) {
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

std::string refusal(const std::string& folder) {
  const auto made = make_private_folder(folder);
  return made ? "" : made.error().message;
}

}  // namespace

TEST_CASE("private folder: made with its parents, for its user alone, whatever the umask", "[base]") {
  const Scratch scratch;
  const mode_t before = ::umask(0);
  CHECK(make_private_folder(scratch / "a/b/state"));
  ::umask(before);
  CHECK(mode_of(scratch / "a/b/state") == 0700);
  CHECK(make_private_folder(scratch / "a/b/state"));
}

TEST_CASE("private folder: an open one is closed if it is empty, and left alone if it is not", "[base]") {
  const Scratch scratch;
  const std::string folder = scratch / "shared";
  REQUIRE(std::filesystem::create_directory(folder));
  REQUIRE(::chmod(folder.c_str(), 0777) == 0);
  CHECK(make_private_folder(folder));
  CHECK(mode_of(folder) == 0700);
  std::ofstream(folder + "/of_somebody") << "x";
  for (const mode_t mode : {mode_t{01777}, mode_t{0755}}) {
    REQUIRE(::chmod(folder.c_str(), mode) == 0);
    CHECK(refusal(folder).find("is open to other users, and not empty; ") != std::string::npos);
    CHECK(mode_of(folder) == mode);
  }
}

TEST_CASE("private folder: what cannot be one is refused with the reason", "[base]") {
  const Scratch scratch;
  const std::string file = scratch / "file";
  std::ofstream(file) << "x";
  CHECK(refusal(file) == "the state folder " + file +
                             " is no folder; move what is there, or name another with --state-dir or "
                             "store.state_dir");
  CHECK(refusal(file + "/state").find("Not a directory") != std::string::npos);
  if (::geteuid() == 0) {
    const std::string of_another = scratch / "of_another";
    REQUIRE(std::filesystem::create_directory(of_another));
    REQUIRE(::chown(of_another.c_str(), 65534, 65534) == 0);
    CHECK(refusal(of_another).find("belongs to another user") != std::string::npos);
  } else {
    CHECK(refusal("/").find("belongs to another user") != std::string::npos);
  }
}
