#include "process_stat.hpp"

#include <sched.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

namespace toolpost::bench {
namespace {

std::string slurp(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// Fields of /proc/PID/stat from the third on: the second holds the program's name, which may hold anything.
std::istringstream stat_fields(pid_t pid) {
  const std::string text = slurp("/proc/" + std::to_string(pid) + "/stat");
  const auto end = text.rfind(')');
  return std::istringstream(end == std::string::npos ? std::string() : text.substr(end + 1));
}

void set_cores(std::size_t count) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  for (std::size_t core = 0; core < count; ++core) CPU_SET(core, &cores);
  sched_setaffinity(0, sizeof cores, &cores);
}

}  // namespace

std::vector<pid_t> descendants(pid_t pid) {
  std::multimap<pid_t, pid_t> children;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const pid_t child = std::atoi(entry.path().filename().c_str());
    if (child <= 0) continue;
    auto fields = stat_fields(child);
    std::string state;
    pid_t parent = 0;
    if (fields >> state >> parent) children.emplace(parent, child);
  }
  std::vector<pid_t> found{pid};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto [from, to] = children.equal_range(found[i]);
    for (auto it = from; it != to; ++it) found.push_back(it->second);
  }
  found.erase(found.begin());
  return found;
}

double cpu_seconds(pid_t pid) {
  auto fields = stat_fields(pid);
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;  // up to cmajflt
  long user = 0, system = 0, children_user = 0, children_system = 0;
  if (!(fields >> user >> system >> children_user >> children_system)) return 0;
  const long ticks = user + system + children_user + children_system;
  return static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

std::optional<Memory> memory_of(pid_t pid) {
  std::istringstream lines(slurp("/proc/" + std::to_string(pid) + "/smaps_rollup"));
  std::string line;
  Memory memory;
  bool any = false;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string name;
    long kib = 0;
    if (!(fields >> name >> kib)) continue;
    any = any || name == "Rss:";
    if (name == "Rss:") memory.rss = kib;
    if (name == "Pss:") memory.pss = kib;
    if (name == "Private_Clean:" || name == "Private_Dirty:") memory.own += kib;
  }
  if (!any) return std::nullopt;
  return memory;
}

Pin::Pin() {
  set_cores(1);
}
Pin::~Pin() {
  set_cores(static_cast<std::size_t>(sysconf(_SC_NPROCESSORS_CONF)));
}

}  // namespace toolpost::bench
