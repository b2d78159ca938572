// The rules of docs/style.md that a program can check: arrows between folders, one name for one file, no call
// that blocks, one clock, no dumping ground, no setting that no test turns.

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"
#include "config/settings_schema.hpp"

using namespace toolpost;
namespace fs = std::filesystem;

namespace {

struct SourceFile {
  std::string path;  // from the top of the tree
  std::string text;
};

/// Sources below `folder`; what the build or npm made is left out.
std::vector<SourceFile> sources(const std::string& folder) {
  static const std::set<std::string> kEndings = {".c", ".h", ".cpp", ".hpp", ".mjs", ".sh"};
  std::vector<SourceFile> files;
  const fs::path top = TOOLPOST_SOURCE_DIR;
  for (auto entry = fs::recursive_directory_iterator(top / folder);
       entry != fs::recursive_directory_iterator(); ++entry) {
    if (entry->path().filename() == "node_modules") entry.disable_recursion_pending();
    if (!entry->is_regular_file() || !kEndings.contains(entry->path().extension())) continue;
    std::ifstream stream(entry->path(), std::ios::binary);
    files.push_back(
        {fs::relative(entry->path(), top), std::string(std::istreambuf_iterator<char>(stream), {})});
  }
  REQUIRE_FALSE(files.empty());
  return files;
}

/// The folder of host/ that a path belongs to: "effect/http" for host/effect/http/origin.cpp.
std::string host_folder(const std::string& path) {
  const std::string folder = fs::path(path).parent_path();
  return folder.size() <= 5 ? "" : folder.substr(5);
}

// What each folder may include, besides itself and base. config/settings.hpp is plain data that any may
// include.
const std::map<std::string, std::set<std::string>> kArrows = {
    {"base", {}},
    {"json", {}},
    {"config", {}},
    {"telemetry", {"config"}},
    {"call", {"json"}},
    {"model", {}},
    {"policy", {}},
    {"effect/http", {}},
    {"effect/file", {}},
    {"effect/git", {"effect/file"}},
    {"plugin", {}},
    {"worker", {"call"}},
    {"store", {"call", "json"}},
    {"mcp", {"json"}},
    {"transport", {}},
    {"runtime",
     {"call", "config", "effect/file", "effect/git", "effect/http", "json", "model", "plugin", "policy",
      "store", "telemetry", "worker"}},
    {"cli",
     {"call", "config", "json", "mcp", "plugin", "runtime", "store", "telemetry", "transport", "worker"}},
    {"", {"cli", "effect/git", "worker"}},  // main.cpp, worker_main.cpp, git_main.cpp
};

bool matches(const SourceFile& file, const char* pattern, std::string& found) {
  std::smatch match;
  if (!std::regex_search(file.text, match, std::regex(pattern))) return false;
  found = file.path + ": " + match.str();
  return true;
}

bool has_word(const std::string& text, const std::string& word, std::size_t from = 0,
              std::size_t to = std::string::npos) {
  const auto inside = [&](std::size_t at) {
    return at < text.size() && ((std::isalnum(static_cast<unsigned char>(text[at])) != 0) || text[at] == '_');
  };
  for (std::size_t at = text.find(word, from); at < to && at != std::string::npos;
       at = text.find(word, at + 1))
    if (!inside(at + word.size()) && (word[0] == '.' || at == 0 || !inside(at - 1))) return true;
  return false;
}

/// Whether a test sets [section] key: as C++ member, in TOML, or as a variable.
bool turns(const std::string& text, const std::string& section, const std::string& key) {
  const std::string member = key.ends_with("_ms") ? key.substr(0, key.size() - 3) : key;
  if (has_word(text, section + "." + member) || has_word(text, section + "." + key)) return true;
  std::string variable = "TOOLPOST_" + section + "__" + key;
  for (char& c : variable) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (has_word(text, variable)) return true;
  for (std::size_t table = text.find("[" + section + "]"); table != std::string::npos;
       table = text.find("[" + section + "]", table + 1)) {
    const std::size_t next = std::min(text.find("\n[", table), text.find("\\n[", table));
    if (has_word(text, key, table, next)) return true;
  }
  // A part of the host on its own is given its section: WorkerSettings for [workers].
  std::string type = section + "Settings";
  type[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(type[0])));
  const std::string singular = type.substr(0, section.size() - 1) + "Settings";
  return (has_word(text, type) || has_word(text, singular)) && has_word(text, "." + member);
}

}  // namespace

TEST_CASE("style: includes go along the arrows of docs/architecture.md only", "[style]") {
  const std::regex include("#include \"([a-z_/]+)/[a-z0-9_]+\\.hpp\"");
  for (const SourceFile& file : sources("host")) {
    const std::string from = host_folder(file.path);
    REQUIRE(kArrows.contains(from));
    for (auto it = std::sregex_iterator(file.text.begin(), file.text.end(), include);
         it != std::sregex_iterator(); ++it) {
      const std::string to = (*it)[1];
      const bool plain_data = it->str().find("config/settings.hpp") != std::string::npos;
      CAPTURE(file.path, to);
      CHECK((to == from || to == "base" || plain_data || kArrows.at(from).contains(to)));
    }
  }
}

TEST_CASE("style: a file's name is its own, and none is a Manager, Util or Helper", "[style]") {
  std::map<std::string, std::string> seen;
  for (const char* folder : {"host", "sdk", "plugins", "tests"}) {
    for (const SourceFile& file : sources(folder)) {
      const std::string name = fs::path(file.path).filename();
      CAPTURE(file.path, seen[name]);
      CHECK(seen[name].empty());
      seen[name] = file.path;
      for (const char* vague : {"manager", "util", "helper", "common", "misc"}) {
        CHECK(name.find(vague) == std::string::npos);
      }
    }
  }
}

TEST_CASE("style: no file of the host or its plugins is longer than 420 lines", "[style]") {
  for (const char* folder : {"host", "sdk", "plugins"}) {
    for (const SourceFile& file : sources(folder)) {
      CAPTURE(file.path);
      CHECK(std::count(file.text.begin(), file.text.end(), '\n') <= 420);
    }
  }
}

TEST_CASE("style: nothing in the host blocks, and only the seams read clocks", "[style]") {
  // Each exception with its reason.
  const std::set<std::string> may_sleep = {
      "host/worker/worker_loop.cpp"};  // a thread that batches, in the worker
  const std::set<std::string> may_read_clocks = {
      "host/base/time.hpp",
      "host/base/event_loop.cpp",           // the seams
      "host/worker/worker_loop.cpp",        // the worker's page carries the system's own time
      "host/worker/sandbox_seccomp.cpp",    // names the system call
      "host/cli/smoke_command.cpp",         // a client: it measures from outside
      "host/effect/http/http_client.cpp"};  // curl's timers count from its own clock
  const std::set<std::string> may_name_mutexes = {"host/base/guarded_mutex.hpp",
                                                  "host/telemetry/file_sink.hpp",  // spdlog's own
                                                  "host/telemetry/stderr_sink.hpp"};
  for (const SourceFile& file : sources("host")) {
    std::string found;
    CHECK_FALSE(
        (!may_sleep.contains(file.path) && matches(file, "(sleep_for|sleep_until|\\busleep)\\(", found)));
    CHECK_FALSE(matches(file, "\\b(popen|std::system|std::async)\\(", found));
    // One that says what it guards, so that the compiler can check it.
    CHECK_FALSE(
        (!may_name_mutexes.contains(file.path) && matches(file, "std::(recursive_|shared_)?mutex", found)));
    CHECK_FALSE((!may_read_clocks.contains(file.path) &&
                 matches(file, "(steady_clock::now|system_clock::now|clock_gettime)", found)));
    CHECK_FALSE(matches(file, "\\b(std::rand|random_device|mt19937)", found));
    CAPTURE(found);
    CHECK(found.empty());
  }
}

// Before C++23 a range-for keeps alive what it goes over, but not what that was asked of.
TEST_CASE("style: no loop goes over the items of what a function gave it", "[style]") {
  for (const char* folder : {"host", "sdk", "plugins", "tests"}) {
    for (const SourceFile& file : sources(folder)) {
      std::string found;
      const bool dangling = matches(file, "for \\([^;\n]*\\)\\.items\\(\\)", found);
      CAPTURE(found);
      CHECK_FALSE(dangling);
    }
  }
}

TEST_CASE("style: each setting is turned, by its section and name, in a test of its effect",
          "[style][config]") {
  std::vector<SourceFile> tests = sources("tests");
  std::erase_if(tests, [](const SourceFile& file) {  // where a setting is read and printed, not obeyed
    return file.path.starts_with("tests/config/") || file.path.starts_with("tests/style/");
  });
  for (const Setting<Settings>& setting : host_settings()) {
    CAPTURE(setting.spec.section, setting.spec.key);
    CHECK(std::any_of(tests.begin(), tests.end(), [&](const SourceFile& file) {
      return turns(file.text, std::string(setting.spec.section), std::string(setting.spec.key));
    }));
  }
}
