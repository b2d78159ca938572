// A plugin against the machine: the kernel refuses. The level is the default one, and 4 where it can be had.
#include <csignal>
#include <fstream>

#include "attack_world.hpp"
#include "powers.h"
#include "worker/sandbox.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

Settings at_level(std::uint32_t level) {
  Settings settings;
  settings.isolation.level_max = level;
  return settings;
}

/// Says so when the machine cannot do what is to be tested.
bool reaches(AttackWorld& world, int level) {
  world.attack("fine");
  if (world.runtime->isolation_level() >= level) return true;
  WARN("NOT TRIED: level " << level << " cannot be reached on this machine, only level "
                           << world.runtime->isolation_level());
  return false;
}

/// Counts the canary in the memory of a process, from outside, as only a tracer can.
int canaries_in(int pid) {
  std::ifstream maps("/proc/" + std::to_string(pid) + "/maps");
  std::ifstream memory("/proc/" + std::to_string(pid) + "/mem", std::ios::binary);
  if (!maps || !memory) return -1;
  int found = 0;
  for (std::string line; std::getline(maps, line);) {
    unsigned long from = 0, to = 0;
    char readable = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx %c", &from, &to, &readable) != 3 || readable != 'r') continue;
    if (to - from > (256u << 20) || line.find("[v") != std::string::npos) continue;
    std::string bytes(to - from, '\0');
    memory.clear();
    memory.seekg(static_cast<std::streamoff>(from));
    memory.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    for (std::size_t at = 0; (at = bytes.find(kCanary, at)) != std::string::npos; ++at) ++found;
  }
  return found;
}

/// What no library does in passing is counted, and logged once for each kind. `again`: a second attack.
void check_counted(AttackWorld& world, const json& again) {
  const json counted = world.refusals();
  CAPTURE(counted.dump());
  for (const char* kind : {"kernel.processes", "kernel.network", "kernel.privileges", "kernel.files"})
    CHECK(counted.value(kind, 0) >= 1);
  CHECK(counted.at("kernel.network") >= 5);
  CHECK(world.events["plugin_refused"] == 4);
  world.attack("powers", again);
  CHECK(world.refusals().at("kernel.network") > counted.at("kernel.network"));
  CHECK(world.events["plugin_refused"] == 4);
}

}  // namespace

TEST_CASE("attack: no power over host, spawner, siblings, files or kernel", "[sandbox][attack]") {
  for (const int level : {3, 4}) {
    AttackWorld world(at_level(static_cast<std::uint32_t>(level)));
    if (!reaches(world, level)) continue;
    world.call("echo", R"({"text":"a sibling"})");
    const std::string file = world.folder / "secret.txt";
    std::ofstream(file) << "secret";
    json pids = {getpid(), world.spawner->pid(), 1};
    for (const int worker : children_of(world.spawner->pid())) pids.push_back(worker);
    REQUIRE(pids.size() == 5);  // itself and the sibling among them
    const json tried =
        world.attack("powers", {{"pids", pids}, {"file", file}, {"folder", world.folder.string()}});
    CHECK(tried.at("tried") == powers_count);
    for (const std::string& power : tried.at("worked").get<std::vector<std::string>>()) {
      CAPTURE(level, power);
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
      // The filter of sanitized builds passes ioctl and prctl.
      if (power == "TIOCSTI" || power == "outlive the host" || power == "prlimit of another") continue;
#endif
#endif
      // Its own pid is among those tried, and it may signal itself; names are hidden from level 4 on; numbers
      // of processes never are.
      const bool of_itself = power == "tgkill";
      const bool of_level_four = level < 4 && power.starts_with("see that ");
      CHECK((of_itself || of_level_four || power.starts_with("probe ")));
    }
    if (kWorkersRefusing == Refusing::telling)
      check_counted(world,
                    {{"pids", json::array({getpid()})}, {"file", file}, {"folder", world.folder.string()}});
    // Nobody was hurt.
    CHECK(world.call("echo", R"({"text":"still there"})").code == Errc::ok);
    CHECK(world.spawner->replacements() == 0);
    CHECK_FALSE(std::filesystem::exists(world.folder / "made"));
    CHECK_FALSE(std::filesystem::is_symlink(world.folder / "link"));
  }
}

TEST_CASE("attack: neither the state folder, other plugins, keys nor processes can be opened",
          "[sandbox][attack]") {
  for (const int level : {3, 4}) {
    AttackWorld world(at_level(static_cast<std::uint32_t>(level)));
    if (!reaches(world, level)) continue;
    world.call("echo", R"({"text":"so that its copy is there"})");
    json paths = json::array();
    std::string own;
    for (const auto& plugin : world.runtime->plugins().plugins()) {
      if (plugin->id() == "test.attack") {
        own = plugin->found.file;
      } else {
        paths.push_back(plugin->found.file);
        paths.push_back(std::filesystem::path(plugin->found.file).parent_path());
      }
      paths.push_back(plugin->found.source);
    }
    REQUIRE_FALSE(own.empty());
    for (const char* inside : {"state", "state/toolpost.db", "state/plugins", "plugins"}) {
      REQUIRE(std::filesystem::exists(world.folder / inside));
      paths.push_back((world.folder / inside).string());
    }
    for (const int pid : {getpid(), world.spawner->pid(), 1}) {
      for (const char* what : {"environ", "mem", "maps", "fd", "cmdline", "root", "cwd", "fd/3"}) {
        paths.push_back("/proc/" + std::to_string(pid) + "/" + what);
      }
    }
    for (const char* path : {"/proc/self/mem",
                             "/proc/self/environ",
                             "/proc/self/fd",
                             "/",
                             "/etc/passwd",
                             "/etc",
                             "/tmp",
                             "/home",
                             "/root",
                             "/dev",
                             "/dev/mem",
                             "/dev/kmsg",
                             "/dev/zero",
                             "/dev/tty",
                             "/dev/shm",
                             "/sys",
                             "/run",
                             "/usr/bin",
                             "/bin/sh",
                             "..",
                             "."}) {
      paths.push_back(path);
    }
    const json opened = world.attack("open_each", {{"paths", paths}}).at("opened");
    CAPTURE(level, opened.dump());
    CHECK(opened.empty());
    // The other side: what it may read, but not write, is its own file and the libraries.
    CHECK(world.attack("open_each", {{"paths", {own}}}).at("opened") == json::array({own}));
  }
}

TEST_CASE("attack: no descriptor but its own four is open", "[sandbox][attack]") {
  AttackWorld world;
  const json expected = {{"0", "device"}, {"1", "pipe"}, {"2", "pipe"}, {"3", "socket"}};
  CHECK(world.attack("descriptors") == expected);
  // A spawner that was started later, when the host had files, sockets and a store open, passes on no more.
  REQUIRE(world.spawner->pid() > 1);  // -1 is everybody
  ::kill(world.spawner->pid(), SIGKILL);
  world.run_until_event("started anew");
  CHECK(world.attack("descriptors") == expected);
  CHECK(world.spawner->replacements() == 1);
}

TEST_CASE("attack: the provider's key is nowhere in a worker, nor in a spawner started after it was read",
          "[sandbox][attack]") {
  AttackWorld world;
  for (const int replaced : {0, 1}) {
    CAPTURE(replaced);
    REQUIRE(world.spawner->pid() > 1);  // -1 is everybody
    if (replaced == 1) {
      ::kill(world.spawner->pid(), SIGKILL);
      world.run_until_event("started anew");
    }
    const json search = world.attack("search_memory", {{"masked", masked_canary()}});
    CHECK(search.at("found") == 0);
    CHECK(search.at("pages") > 500);  // it did look
    CHECK(search.at("environment") == false);
    REQUIRE(world.spawner->replacements() == static_cast<std::uint64_t>(replaced));
    std::vector<int> pids = children_of(world.spawner->pid());
    CHECK_FALSE(pids.empty());
    pids.push_back(world.spawner->pid());
    if (canaries_in(getpid()) < 1 || canaries_in(world.spawner->pid()) < 0) {
      WARN("NOT TRIED: this account may not read its processes' memory from outside");
      continue;
    }
    for (const int pid : pids) CHECK(canaries_in(pid) == 0);
  }
}

TEST_CASE("attack: below isolation.min_level no plugin runs", "[sandbox][level]") {
  Settings settings = at_level(1);
  settings.isolation.min_level = 2;
  AttackWorld refused(settings);
  const CallOutcome& outcome = refused.call("fine");
  CHECK(outcome.code == Errc::incompatible);
  CHECK(outcome.message.find("isolation.min_level = 2") != std::string::npos);
  settings.isolation.min_level = 1;
  AttackWorld accepted(settings);
  CHECK(accepted.call("fine").code == Errc::ok);
  CHECK(accepted.runtime->isolation_level() == 1);
}

TEST_CASE("attack: system calls by the numbers of another architecture end the worker", "[sandbox][attack]") {
#if defined(__x86_64__)
  AttackWorld world;
  CHECK(world.call("old_architecture").code == Errc::crashed);
  CHECK(world.call("fine").code == Errc::ok);
#else
  WARN("NOT TRIED: this machine has one numbering of system calls only");
#endif
}
