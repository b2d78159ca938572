#include "effect/file/file_listing.hpp"

#include "catch.hpp"
#include "file_world.hpp"

using namespace toolpost;

namespace {

std::vector<std::string> paths_of(const Result<Listing>& listing) {
  std::vector<std::string> paths;
  REQUIRE(listing);
  for (const ListedEntry& entry : listing->entries) paths.push_back(entry.path);
  return paths;
}

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("file listing: goes as deep as asked and is sorted", "[file]") {
  const FileWorld world;
  const FileRoots roots = world.roots();
  CHECK(paths_of(list_folder(roots, ".", {1, 2000, {}})) == Paths{"a.txt", "src"});
  CHECK(paths_of(list_folder(roots, ".", {2, 2000, {}})) == Paths{"a.txt", "src", "src/b.cpp", "src/deep"});
  CHECK(paths_of(list_folder(roots, ".", {3, 2000, {}})) ==
        Paths{"a.txt", "src", "src/b.cpp", "src/deep", "src/deep/c.cpp"});
  const auto listing = list_folder(roots, ".", {1, 2000, {}});
  CHECK(listing->entries[0].bytes == 6);
  CHECK(listing->entries[0].type == ListedType::file);
  CHECK(listing->entries[1].type == ListedType::folder);
  CHECK_FALSE(listing->truncated);
}

TEST_CASE("file listing: its paths can be asked for as they stand", "[file]") {
  const FileWorld world;
  const FileRoots roots = world.roots();
  for (const std::string& path :
       {std::string("."), std::string("./"), std::string("src"), std::string("src/"), world.root + "/src"}) {
    const auto listing = list_folder(roots, path, {8, 2000, {}});
    REQUIRE(listing);
    for (const ListedEntry& entry : listing->entries) {
      INFO(path << " " << entry.path);
      if (entry.type == ListedType::file) CHECK(roots.open_file(entry.path));
    }
  }
  CHECK(paths_of(list_folder(roots, "src/", {1, 2000, {}})) == Paths{"src/b.cpp", "src/deep"});
}

TEST_CASE("file listing: shows neither protected names, links, special files nor what builds leave",
          "[file]") {
  const FileWorld world;
  for (const char* path : {".git/config", ".env", "node_modules/x.js", "build/x.o", "src/__pycache__/x.pyc",
                           ".venv/x", "server.pem", ".hidden", "target/x", "dist/x"}) {
    world.write(std::string("allowed/") + path, "x");
  }
  world.write(
      "allowed/bad\xff"
      "name",
      "x");
  world.write("allowed/line\nbreak", "x");
  world.link(world.top + "/outside", "allowed/link");
  world.link("a.txt", "allowed/file_link");
  REQUIRE(mkfifo((world.root + "/pipe").c_str(), 0600) == 0);
  const OpenMethod method = GENERATE(OpenMethod::kernel, OpenMethod::portable);
  const FileRoots roots = world.roots(method);
  CHECK(paths_of(list_folder(roots, ".", {8, 2000, {}})) ==
        Paths{".hidden", "a.txt", "src", "src/b.cpp", "src/deep", "src/deep/c.cpp"});
  // A generated folder that is named itself is shown.
  CHECK(paths_of(list_folder(roots, "build", {8, 2000, {}})) == Paths{"build/x.o"});
  CHECK_FALSE(list_folder(roots, ".git", {8, 2000, {}}));
}

TEST_CASE("file listing: suffixes choose files and leave folders out", "[file]") {
  const FileWorld world;
  world.write("allowed/x.h", "x");
  CHECK(paths_of(list_folder(world.roots(), ".", {8, 2000, {".cpp", ".h"}})) ==
        Paths{"src/b.cpp", "src/deep/c.cpp", "x.h"});
}

TEST_CASE("file listing: exactly the limit is whole, one entry less is truncated", "[file]") {
  const FileWorld world;
  const FileRoots roots = world.roots();
  CHECK_FALSE(list_folder(roots, ".", {8, 5, {}})->truncated);
  const auto cut = list_folder(roots, ".", {8, 4, {}});
  CHECK(cut->truncated);
  CHECK(paths_of(cut) == Paths{"a.txt", "src", "src/b.cpp", "src/deep"});
}

TEST_CASE("file listing: a file or a missing folder is an error that says so", "[file]") {
  const FileWorld world;
  CHECK(list_folder(world.roots(), "a.txt", {}).error().code == Errc::invalid_input);
  CHECK(list_folder(world.roots(), "absent", {}).error().code == Errc::not_found);
  CHECK(list_folder(world.roots(), "..", {}).error().code == Errc::invalid_input);
}
