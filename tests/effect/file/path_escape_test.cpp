// Attacks on the roots: a corpus of traversal payloads, and names that are swapped while they are read.
#include <fcntl.h>
#include <stdio.h>

#include <atomic>
#include <set>
#include <thread>

#include "catch.hpp"
#include "effect/file/file_effects.hpp"
#include "file_world.hpp"

using namespace toolpost;

namespace {

constexpr int kSwaps = 20'000;

/// Every way up x every target x several ways to begin, plus cases of their own.
std::set<std::string> escape_corpus(const FileWorld& world) {
  std::vector<std::string> ups = {
      "../",
      "..\\",
      "..//",
      ".././",
      "./../",
      "%2e%2e/",
      "%2e%2e%2f",
      "..%2f",
      "%2E%2E%2F",
      "..%5c",
      "%252e%252e%252f",
      "..%252f",
      "%c0%ae%c0%ae/",
      "%c0%ae%c0%ae%c0%af",
      "..%c0%af",
      "%e0%80%ae%e0%80%ae/",
      "%uff0e%uff0e/",
      "..%00/",
      "....//",
      "....\\\\",
      ".../",
      "..;/",
      "..\xc0\xaf",
      "\xc0\xae\xc0\xae/",
      "\xe0\x80\xae\xe0\x80\xae/",
      "\xf0\x80\x80\xae\xf0\x80\x80\xae/",
      "\xef\xbc\x8e\xef\xbc\x8e/",
      "\xe2\x80\xa5/",
      ".\xe2\x80\x8b./",
      ".\xc2\xad./",
      "..\xe2\x81\x84",
      "..\xe2\x88\x95",
      "src/../../",
      "src/../",
      "./",
      "",
      "/",
      "//",
      "src/deep/../../../",
      "..\t/",
      "..\n/",
      " ../",
      ".. /",
      "~/",
      "~root/",
      "file://",
      "\\\\?\\",
      "C:/",
      "$HOME/",
      "${PWD}/../",
      "&#46;&#46;/",
      "\\u002e\\u002e/",
  };
  const std::vector<std::string> targets = {"secret.txt", "outside/secret.txt", "allowed_evil/a.txt",
                                            "etc/passwd", "etc/shadow"};
  std::set<std::string> corpus;
  for (const std::string& up : ups) {
    for (const std::string& target : targets) {
      std::string repeated;
      for (int times = 1; times <= 8; times *= 2) {
        while (repeated.size() < up.size() * static_cast<std::size_t>(times)) repeated += up;
        for (const std::string& start : {std::string(), world.root + "/", std::string("src/"), world.root}) {
          corpus.insert(start + repeated + target);
        }
        if (up.empty()) break;
      }
    }
  }
  for (const std::string& target : targets) {
    corpus.insert(world.top + "/" + target);
    corpus.insert("//" + world.top + "/" + target);
    corpus.insert(world.root + "_evil/../" + target);
    corpus.insert(std::string("a.txt") + '\0' + "/../../" + target);
    corpus.insert(world.top + "/" + target + '\0' + world.root);
    for (const char* link :
         {"file_link", "dir_link", "up_link", "root_link", "chain", "src/deep/far_link", "proc_link"}) {
      corpus.insert(link);
      corpus.insert(std::string(link) + "/" + target);
      corpus.insert(world.root + "/" + link + "/secret.txt");
      corpus.insert(std::string(link) + "/./" + target);
    }
  }
  for (const char* hard : {"/proc/self/root/etc/passwd",
                           "/proc/self/cwd/a.txt",
                           "/proc/self/fd/0",
                           "/dev/stdin",
                           "/dev/fd/0",
                           "state/store.db",
                           "STATE/../state/store.db",
                           "./state/./store.db",
                           "state//store.db",
                           "/",
                           "/.",
                           "/..",
                           ".",
                           "..",
                           "./..",
                           "\\",
                           "a.txt/..",
                           "a.txt/../../secret.txt",
                           "allowed/../secret.txt",
                           "magic/0"}) {
    corpus.insert(hard);
  }
  corpus.insert("/proc/self/root" + world.top + "/secret.txt");
  corpus.insert(world.root.substr(0, world.root.size() - 1));
  corpus.insert(world.root + "\xe2\x80\x8b/../secret.txt");
  return corpus;
}

/// Reads until `swapping` ends; counts what came from outside.
int escapes_while(const std::atomic<bool>& swapping, const FileRoots& roots, const std::string& path,
                  std::atomic<int>& inside) {
  int escapes = 0;
  while (swapping.load()) {
    const auto file = roots.open_file(path);
    if (!file) continue;
    if (content_of(*file) == kSecret) {
      ++escapes;
    } else {
      ++inside;
    }
  }
  return escapes;
}

/// Exchanges two names 20,000 times, and until it was seen once, while another thread reads `path`.
void race(const FileWorld& world, const std::string& one, const std::string& other, const std::string& path,
          OpenMethod method) {
  const FileRoots roots = world.roots(method);
  std::atomic<bool> swapping{true};
  std::atomic<int> failed{0};
  std::atomic<int> inside{0};
  std::thread swapper([&] {
    for (int i = 0; i < kSwaps || inside == 0; ++i) {
      if (renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) != 0) ++failed;
      if (i % 64 == 0) std::this_thread::yield();
    }
    swapping = false;
  });
  const int escapes = escapes_while(swapping, roots, path, inside);
  swapper.join();
  CHECK(failed == 0);
  CHECK(escapes == 0);
  CHECK(inside > 0);  // the race was really run
}

}  // namespace

TEST_CASE("path escape: no payload of the corpus reads anything outside a root", "[file][attack]") {
  const FileWorld world;
  world.link(world.top + "/secret.txt", "allowed/file_link");
  world.link(world.top + "/outside", "allowed/dir_link");
  world.link("..", "allowed/up_link");
  world.link("/", "allowed/root_link");
  world.link("dir_link", "allowed/chain");
  world.link("../../../outside", "allowed/src/deep/far_link");
  world.link("/proc/self/root", "allowed/proc_link");
  world.link("/proc/self/fd", "allowed/magic");
  const std::set<std::string> corpus = escape_corpus(world);
  CHECK(corpus.size() >= 300);
  const OpenMethod method = GENERATE(OpenMethod::kernel, OpenMethod::portable);
  const FileRoots roots = world.roots(method);
  int escapes = 0;
  int folders = 0;
  for (const std::string& path : corpus) {
    if (const auto file = roots.open_file(path); file && !content_of(*file).starts_with("inside")) {
      ++escapes;
      UNSCOPED_INFO("read " << path);
    }
    if (const auto folder = roots.open_directory(path); folder) {
      const std::string real =
          std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(folder->get())).string();
      const bool beneath = real == world.root || real.starts_with(world.root + "/");
      if (!beneath || real.starts_with(world.state)) {
        ++folders;
        UNSCOPED_INFO("opened folder " << path << " as " << real);
      }
    }
  }
  CHECK(escapes == 0);
  CHECK(folders == 0);
}

TEST_CASE("path escape: a file swapped with a link to a secret is never read through it", "[file][attack]") {
  const FileWorld world;
  world.write("allowed/swap", "inside");
  world.link(world.top + "/secret.txt", "allowed/swap_link");
  race(world, world.root + "/swap", world.root + "/swap_link", "swap",
       GENERATE(OpenMethod::kernel, OpenMethod::portable));
}

TEST_CASE("path escape: a folder swapped with a link to the outside is never entered", "[file][attack]") {
  const FileWorld world;
  world.write("allowed/dir/secret.txt", "inside");
  world.link(world.top + "/outside", "allowed/dir_link");
  race(world, world.root + "/dir", world.root + "/dir_link", "dir/secret.txt",
       GENERATE(OpenMethod::kernel, OpenMethod::portable));
}
