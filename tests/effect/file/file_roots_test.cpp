#include "effect/file/file_roots.hpp"

#include <fcntl.h>
#include <sys/mount.h>

#include "catch.hpp"
#include "file_world.hpp"

using namespace toolpost;

namespace {

void check_error(const FileRoots& roots, const std::string& path, Errc code, const std::string& part) {
  const auto file = roots.open_file(path);
  INFO(path);
  REQUIRE_FALSE(file);
  INFO(file.error().message);
  CHECK(file.error().code == code);
  CHECK(file.error().message.find(part) != std::string::npos);
  CHECK(file.error().message.find("\"" + path.substr(0, 50)) != std::string::npos);
}

}  // namespace

TEST_CASE("file roots: files are found by relative and absolute path, in both ways of opening", "[file]") {
  const FileWorld world;
  const OpenMethod method = GENERATE(OpenMethod::kernel, OpenMethod::portable);
  const FileRoots roots = world.roots(method);
  for (const std::string& path : {std::string("a.txt"), std::string("./src/../a.txt").substr(0, 2) + "a.txt",
                                  world.root + "/a.txt", world.root + "//./a.txt"}) {
    const auto file = roots.open_file(path);
    INFO(path);
    REQUIRE(file);
    CHECK(content_of(*file) == "inside");
    CHECK(file->bytes == 6);
    CHECK(file->mtime_ms > 1'000'000'000'000);
    CHECK((fcntl(file->fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK(content_of(*roots.open_file("src/deep/c.cpp")) == "inside c");
}

TEST_CASE("file roots: what lies outside is refused, naming the roots and the setting", "[file]") {
  const FileWorld world;
  const FileRoots roots = world.roots();
  check_error(roots, "/etc/passwd", Errc::permission, world.root);
  check_error(roots, "/etc/passwd", Errc::permission, "files.roots");
  check_error(roots, world.root + "_evil/a.txt", Errc::permission, "files.roots");
  check_error(roots, "nothing", Errc::not_found, "does not exist");
  check_error(roots, "a.txt/x", Errc::invalid_input, "as a folder");
  check_error(roots, "../secret.txt", Errc::invalid_input, "..");
}

TEST_CASE("file roots: no roots at all says how to get some", "[file]") {
  const FileRoots none = FileRoots::open({}, {}, "").value();
  check_error(none, "a.txt", Errc::permission, "files.roots");
  CHECK(none.names().empty());
}

TEST_CASE("file roots: links are refused, whether at the end or on the way", "[file]") {
  const FileWorld world;
  world.link(world.top + "/secret.txt", "allowed/file_link");
  world.link("a.txt", "allowed/inner_link");
  world.link(world.top + "/outside", "allowed/dir_link");
  world.link("nowhere", "allowed/dangling");
  const OpenMethod method = GENERATE(OpenMethod::kernel, OpenMethod::portable);
  const FileRoots roots = world.roots(method);
  check_error(roots, "file_link", Errc::permission, "symbolic link");
  check_error(roots, "inner_link", Errc::permission, "symbolic link");
  check_error(roots, "dangling", Errc::permission, "symbolic link");
  check_error(roots, "dir_link/secret.txt", Errc::permission, "symbolic link \"dir_link\"");
  CHECK_FALSE(roots.open_directory("dir_link"));
}

TEST_CASE("file roots: only regular files are opened, and a FIFO does not hang", "[file]") {
  const FileWorld world;
  REQUIRE(mkfifo((world.root + "/pipe").c_str(), 0600) == 0);
  const OpenMethod method = GENERATE(OpenMethod::kernel, OpenMethod::portable);
  const FileRoots roots = world.roots(method);
  check_error(roots, "pipe", Errc::permission, "FIFO");
  check_error(roots, "src", Errc::invalid_input, "file.list");
  check_error(roots, "src/", Errc::invalid_input, "file.list");
  check_error(roots, ".", Errc::invalid_input, "file.list");
  check_error(roots, world.root, Errc::invalid_input, "file.list");
  const FileRoots devices = FileRoots::open({"/dev"}, {}, "", method).value();
  check_error(devices, "zero", Errc::permission, "device");
  check_error(devices, "/dev/tty", Errc::permission, "device");
}

TEST_CASE("file roots: files of procfs are windows into processes and not read, even with / as the root",
          "[file]") {
  const OpenMethod method = GENERATE(OpenMethod::kernel, OpenMethod::portable);
  const FileRoots all = FileRoots::open({"/"}, {}, "", method).value();
  const std::string own = "/proc/" + std::to_string(getpid());
  check_error(all, own + "/environ", Errc::permission, "procfs");
  check_error(all, own + "/root/etc/passwd", Errc::permission, "symbolic link");
  check_error(all, "/proc/self/environ", Errc::permission, "symbolic link");
  CHECK(all.open_file("/etc/passwd"));
}

TEST_CASE("file roots: a file of exactly file_bytes_max opens, one byte more does not", "[file]") {
  FileWorld world;
  world.settings.file_bytes_max = 100;
  world.write("allowed/fits", std::string(100, 'x'));
  world.write("allowed/large", std::string(101, 'x'));
  const FileRoots roots = world.roots();
  CHECK(roots.open_file("fits"));
  check_error(roots, "large", Errc::exhausted, "files.file_bytes_max = 100");
}

TEST_CASE("file roots: protected names are refused anywhere in the path", "[file]") {
  FileWorld world;
  world.settings.deny = {"secrets.yaml"};
  for (const char* path :
       {".env", ".git/config", "src/.SSH/known", "src/server.pem", "secrets.yaml", ".env.example"}) {
    world.write(std::string("allowed/") + path, "x");
  }
  const FileRoots roots = world.roots();
  for (const char* path :
       {".env", ".git/config", "src/.SSH/known", "src/server.pem", "secrets.yaml", ".git/absent"}) {
    check_error(roots, path, Errc::permission, "protected name");
  }
  CHECK(roots.open_file(".env.example"));
}

TEST_CASE("file roots: the host's own state is refused inside a root", "[file]") {
  const FileWorld world;
  check_error(world.roots(), "state/store.db", Errc::permission, "own state");
  CHECK_FALSE(world.roots().open_directory("state"));
  world.write("allowed/state2/x", "neighbour");
  CHECK(world.roots().open_file("state2/x"));
  // Named through a link: resolved when the roots are opened.
  world.link(world.state, "state_link");
  check_error(FileRoots::open({world.root}, {}, world.top + "/state_link").value(), "state/store.db",
              Errc::permission, "own state");
  CHECK_FALSE(FileRoots::open({world.state}, {}, world.state));
}

TEST_CASE("file roots: the host's own state is known again under another name", "[file]") {
  const FileWorld world;
  const FileRoots roots = world.roots();
  // What a bind mount would show: the same inode elsewhere. A rename does it without privileges.
  std::filesystem::rename(world.state, world.root + "/moved");
  std::filesystem::create_directory_symlink(world.root + "/moved", world.state);
  check_error(roots, "moved/store.db", Errc::permission, "own state");
}

TEST_CASE("file roots: of nested roots the innermost serves an absolute path", "[file]") {
  const FileWorld world;
  const FileRoots roots = FileRoots::open({world.top, world.root}, {}, world.state).value();
  CHECK(content_of(*roots.open_file("allowed/a.txt")) == "inside");
  CHECK(content_of(*roots.open_file(world.root + "/a.txt")) == "inside");
  CHECK(roots.names() == std::vector<std::string>{world.top, world.root});
}

TEST_CASE("file roots: a root that is a link is resolved once, and both its names work", "[file]") {
  const FileWorld world;
  world.link(world.root, "link");
  const FileRoots roots = FileRoots::open({world.top + "/link"}, {}, "").value();
  CHECK(roots.names() == std::vector<std::string>{world.root});
  CHECK(roots.open_file(world.top + "/link/a.txt"));
  CHECK(roots.open_file(world.root + "/a.txt"));
  std::filesystem::remove(world.top + "/link");
  world.link(world.top + "/outside", "link");
  CHECK(content_of(*roots.open_file(world.top + "/link/a.txt")) == "inside");
  CHECK_FALSE(roots.open_file(world.top + "/link/secret.txt"));
}

TEST_CASE("file roots: a root that cannot be used stops the start, naming it", "[file]") {
  const FileWorld world;
  for (const std::string& root :
       {std::string("relative"), world.top + "/absent", world.root + "/a.txt", std::string()}) {
    const auto roots = FileRoots::open({world.root, root}, {}, "");
    INFO(root);
    REQUIRE_FALSE(roots);
    CHECK(roots.error().code == Errc::invalid_config);
    CHECK(roots.error().message.find("files.roots: \"" + root + "\"") != std::string::npos);
  }
}

TEST_CASE("file roots: the default is the working directory, unless that is / or home or above it",
          "[file]") {
  const FileWorld world;
  const std::string home = world.root;
  CHECK(default_roots(home + "/src", home) == std::vector<std::string>{home + "/src"});
  CHECK(default_roots(world.top + "/outside", home) == std::vector<std::string>{world.top + "/outside"});
  CHECK(default_roots(home + "_evil", home) == std::vector<std::string>{home + "_evil"});
  CHECK(default_roots(home, home).empty());
  CHECK(default_roots(home, home + "/").empty());
  CHECK(default_roots(world.top, home).empty());
  CHECK(default_roots("/", home).empty());
  CHECK(default_roots("", home).empty());
  CHECK(default_roots("relative", home).empty());
  CHECK(default_roots(home, "") == std::vector<std::string>{home});
  world.link(home, "home_link");
  CHECK(default_roots(home, world.top + "/home_link").empty());
}
