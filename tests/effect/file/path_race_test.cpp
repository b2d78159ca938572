// 200,000 opens beneath a root for each way of opening, while another thread swaps folders, files and links.
#include <fcntl.h>
#include <stdio.h>

#include <atomic>
#include <thread>

#include "catch.hpp"
#include "file_world.hpp"

using namespace toolpost;

namespace {

#ifdef TOOLPOST_TEST_SANITIZED
constexpr int kTries = 20'000;
#else
constexpr int kTries = 200'000;
#endif

struct Tally {
  int inside = 0, refused = 0, escapes = 0;
};

bool is_beneath(const FileWorld& world, int folder) {
  const std::string real = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(folder)).string();
  return real == world.root || real.starts_with(world.root + "/");
}

/// Three levels of folders, each with a link of the same kind beside it, and a file with a link to a secret.
void build(const FileWorld& world) {
  world.write("allowed/one/two/three/file", "inside");
  world.write("outside/two/three/file", kSecret);
  world.write("outside/three/file", kSecret);
  world.write("outside/file", kSecret);
  world.link(world.top + "/outside", "allowed/one_link");
  world.link("../../outside", "allowed/one/two_link");
  world.link(world.top + "/outside", "allowed/one/two/three_link");
  world.link(world.top + "/outside/file", "allowed/one/two/three/file_link");
}

void swap(const std::string& one, std::atomic<long>& swaps) {
  const std::string other = one + "_link";
  if (renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0) ++swaps;
}

/// Exchanges one pair after the other until told to stop; a pair whose folder is away is out of reach for a
/// while.
void keep_swapping(const FileWorld& world, const std::atomic<bool>& stop, std::atomic<long>& swaps) {
  const std::string names[] = {world.root + "/one", world.root + "/one/two", world.root + "/one/two/three",
                               world.root + "/one/two/three/file"};
  for (unsigned round = 0; !stop.load(); ++round) {
    const std::string& name = names[round % std::size(names)];
    swap(name, swaps);
    if (round % 3 == 0) std::this_thread::yield();
    swap(name, swaps);
  }
}

void try_once(const FileWorld& world, const FileRoots& roots, int number, Tally& tally) {
  if (number % 4 == 0) {
    const auto folder = roots.open_directory(number % 8 == 0 ? "one/two/three" : "one/two");
    if (!folder) return void(++tally.refused);
    return void(++(is_beneath(world, folder->get()) ? tally.inside : tally.escapes));
  }
  const auto file =
      roots.open_file(number % 4 == 1 ? "one/two/three/file" : world.root + "/one/two/three/file");
  if (!file) return void(++tally.refused);
  ++(content_of(*file) == "inside" ? tally.inside : tally.escapes);
}

}  // namespace

TEST_CASE("path race: no open of 200,000 escapes while everything on the way is swapped", "[file][attack]") {
  const FileWorld world;
  build(world);
  const OpenMethod method = GENERATE(OpenMethod::kernel, OpenMethod::portable);
  const FileRoots roots = world.roots(method);
  std::atomic<bool> stop{false};
  std::atomic<long> swaps{0};
  std::thread swapper([&] { keep_swapping(world, stop, swaps); });
  Tally tally;
  for (int number = 0; number < kTries; ++number) try_once(world, roots, number, tally);
  stop = true;
  swapper.join();
  CAPTURE(tally.inside, tally.refused, swaps.load());
  CHECK(tally.escapes == 0);
  CHECK(tally.inside > 0);  // both sides of the race were run
  CHECK(tally.refused > 0);
  CHECK(tally.inside + tally.refused == kTries);
}
