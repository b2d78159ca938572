#pragma once
// A root with real repositories in it, made by the git executable, and a service with real processes to read
// them.

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/event_loop.hpp"
#include "catch.hpp"
#include "effect/git/git_service.hpp"

namespace toolpost {

constexpr const char* kOutsideSecret = "outside-secret";

class GitWorld {
 public:
  GitWorld() {
    std::string name = (std::filesystem::temp_directory_path() / "toolpost_git_XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    top = std::filesystem::canonical(name).string();
    root = top + "/allowed";
    repo = root + "/repo";
    std::filesystem::create_directories(repo);
    std::filesystem::create_directories(top + "/outside");
    settings.git.time_max = std::chrono::minutes(4);  // tests of the bound set their own; a busy machine may be slow
  }
  ~GitWorld() {
    service.reset();
    std::error_code error;
    std::filesystem::remove_all(top, error);
  }
  GitWorld(const GitWorld&) = delete;
  GitWorld& operator=(const GitWorld&) = delete;

  /// Paths are those beneath `top`.
  void write(const std::string& path, const std::string& content) const {
    const std::filesystem::path whole = std::filesystem::path(top) / path;
    std::filesystem::create_directories(whole.parent_path());
    std::ofstream(whole, std::ios::binary) << content;
  }
  void remove(const std::string& path) const {
    std::filesystem::remove_all(std::filesystem::path(top) / path);
  }
  void link(const std::string& target, const std::string& path) const {
    std::filesystem::create_symlink(target, std::filesystem::path(top) / path);
  }
  void fifo(const std::string& path) const { REQUIRE(mkfifo((top + "/" + path).c_str(), 0600) == 0); }

  /// Runs shell words in a folder, with a git that knows no configuration but the repository's own.
  void shell(const std::string& folder, const std::string& words) const {
    const std::string command =
        "cd '" + folder + "' && env -i PATH=\"$PATH\" HOME='" + top +
        "' GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org GIT_COMMITTER_NAME=Ada "
        "GIT_COMMITTER_EMAIL=ada@example.org GIT_AUTHOR_DATE='2026-01-02T03:04:05Z' "
        "GIT_COMMITTER_DATE='2026-01-02T03:04:05Z' sh -ec '" +
        words + "' >'" + top + "/log' 2>&1";
    CAPTURE(words);
    REQUIRE(std::system(command.c_str()) == 0);
  }
  void git(const std::string& words) const { shell(repo, "git " + words); }
  /// The repository with one commit on the branch main.
  void init() const {
    git("init -q -b main");
    write("allowed/repo/a.txt", "one\ntwo\nthree\n");
    write("allowed/repo/src/b.txt", "b\n");
    git("add -A");
    git("commit -q -m first");
  }

  GitService& start_service() {
    service.reset();
    auto opened = FileRoots::open({root}, settings.files, state_dir);
    REQUIRE(opened);
    roots = std::make_unique<FileRoots>(std::move(*opened));
    service = std::make_unique<GitService>(loop, *roots, settings, program, state_dir);
    return *service;
  }
  Result<std::string> try_ask(const std::string& kind, const nlohmann::json& request) {
    if (!service) start_service();
    std::optional<Result<std::string>> answer;
    service->start(kind, request.dump(), [&](Result<std::string> result) {
      answer.emplace(std::move(result));
      loop.stop();
    });
    run_until([&] { return answer.has_value(); });
    return *answer;
  }
  nlohmann::json ask(const std::string& kind, const nlohmann::json& request) {
    const auto answer = try_ask(kind, request);
    if (!answer) UNSCOPED_INFO(answer.error().message);
    REQUIRE(answer);
    return nlohmann::json::parse(*answer);
  }
  Error refusal(const std::string& kind, const nlohmann::json& request) {
    const auto answer = try_ask(kind, request);
    if (answer) UNSCOPED_INFO(*answer);
    REQUIRE_FALSE(answer);
    return answer.error();
  }
  nlohmann::json changes(nlohmann::json request = nlohmann::json::object()) {
    if (!request.contains("path")) request["path"] = repo;
    return ask("git.changes", request);
  }
  template <typename Condition>
  void run_until(Condition condition) {
    TimerId late = loop.after(std::chrono::minutes(4), [this] {
      timed_out = true;
      loop.stop();
    });
    while (!condition() && !timed_out) {
      loop.post([] {});
      loop.run();
    }
    loop.cancel(late);
    REQUIRE_FALSE(timed_out);
  }
  /// Until every process has been reaped.
  void settle() {
    TimerId again;
    std::function<void()> look = [&] {
      if (service->unfinished() == 0) return loop.stop();
      again = loop.after(std::chrono::milliseconds(2), look);
    };
    look();
    run_until([&] { return service->unfinished() == 0; });
    loop.cancel(again);
  }

  std::string top, root, repo, state_dir;
  std::string program = TOOLPOST_BINARY_DIR "/libexec/toolpost/toolpost-git";
  Settings settings;
  EventLoop loop;
  std::unique_ptr<FileRoots> roots;
  std::unique_ptr<GitService> service;
  bool timed_out = false;
};

/// The one file of an answer with this path and section; null when there is none.
inline nlohmann::json file_of(const nlohmann::json& answer, const std::string& path,
                              const std::string& section) {
  for (const auto& file : answer["files"]) {
    if (file["path"] == path && file["section"] == section) return file;
  }
  return nullptr;
}

}  // namespace toolpost
