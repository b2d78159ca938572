#pragma once
// Puts files into a prompt within a budget of tokens, and names what was left out and why.

#include <toolpost/workflow/fields.hpp>

#include <map>
#include <utility>

namespace toolpost::workflow {

/// A count of model tokens; a type of its own so that nobody takes characters for tokens.
struct Tokens {
  std::size_t count = 0;
};

/// A careful estimate: four bytes a token holds for English and code, three is safe for the rest of Europe.
inline Tokens estimate_tokens(std::string_view text) {
  return {text.size() / 3 + 1};
}

struct EmbeddedFiles {
  std::string text;  // marked blocks, one a file
  std::vector<std::string> embedded;
  json left_out = json::array();  // of {path, reason}
};

constexpr std::size_t kFilesEmbeddedMax = 60;  // a call may start 256 effects and read 64 files by default

/// Of a folder that is named instead of its files: what is text in most projects.
constexpr const char* kFolderSuffixes[] = {
    ".c",    ".cc",  ".cpp",   ".cxx",  ".h",      ".hh",   ".hpp",    ".hxx",   ".cs",   ".css",
    ".dart", ".ex",  ".exs",   ".go",   ".gradle", ".html", ".java",   ".js",    ".json", ".jsx",
    ".kt",   ".lua", ".md",    ".mjs",  ".php",    ".pl",   ".proto",  ".ps1",   ".py",   ".r",
    ".rb",   ".rs",  ".scala", ".scss", ".sh",     ".sql",  ".svelte", ".swift", ".toml", ".ts",
    ".tsx",  ".txt", ".vue",   ".xml",  ".yaml",   ".yml",  ".zig",    ".cmake"};
constexpr int kFolderDepth = 8;

/// Reads files and keeps what fits.
class FileReading {
 public:
  FileReading(Call& call, Tokens budget) : call_(call), budget_(budget) {}

  /// All at once; a path that is none of a file may be one of a folder, and waits for read_folders().
  void read(const std::vector<std::string>& paths) {
    std::vector<Effect> reads;
    reads.reserve(paths.size());
    for (const std::string& path : paths) reads.push_back(call_.start("file.read", {{"path", path}}));
    for (std::size_t i = 0; i < reads.size(); ++i) {
      try {
        keep(paths[i], call_.wait(reads[i]));
      } catch (const Error& error) {
        if (error.status() == TOOLPOST_INVALID_INPUT) folders_.emplace_back(paths[i], error.what());
        if (error.status() != TOOLPOST_INVALID_INPUT) leave_out(paths[i], error.what());
      }
    }
  }

  /// The files in them, as many as `files_max` lets through.
  void read_folders(std::size_t files_max) {
    for (const auto& [folder, reason] : std::exchange(folders_, {})) {
      json found;
      try {
        found = call_.perform("file.list",
                              {{"path", folder}, {"depth", kFolderDepth}, {"suffixes", kFolderSuffixes}});
      } catch (const Error&) {
        leave_out(folder, reason);  // no folder either, or lists are not granted
        continue;
      }
      const json entries = found.value("entries", json::array());
      std::vector<std::string> paths;
      for (const json& entry : entries)
        if (paths.size() < files_max) paths.push_back(entry["path"]);
      files_max -= paths.size();
      if (entries.empty()) leave_out(folder, "a folder without files of a known kind");
      if (paths.size() < entries.size() || found.value("truncated", false))
        leave_out(folder, "a folder of which only " + std::to_string(paths.size()) +
                              " files are looked at; name the others");
      read(paths);
      for (const auto& [path, why] : std::exchange(folders_, {})) leave_out(path, why);
    }
  }

  void leave_out(const std::string& path, const std::string& reason) {
    files.left_out.push_back({{"path", path}, {"reason", reason}});
  }

  EmbeddedFiles files;

 private:
  void keep(const std::string& path, const json& file) {
    if (!file.contains("text")) return leave_out(path, "not a text file");
    const std::string& text = file["text"].get_ref<const std::string&>();
    if (const auto [first, is_new] = seen_.emplace(text, path); !is_new)
      return leave_out(path, "the same content as " + first->second);
    const Tokens cost = estimate_tokens(text);
    if (cost.count > budget_.count) {
      return leave_out(path, "about " + std::to_string(cost.count) + " tokens, more than the " +
                                 std::to_string(budget_.count) + " left");
    }
    budget_.count -= cost.count;
    files.text += "--- BEGIN FILE: " + path + " ---\n" + text +
                  (!text.empty() && text.back() == '\n' ? "" : "\n") + "--- END FILE: " + path + " ---\n";
    files.embedded.push_back(path);
    if (file.value("truncated", false))
      leave_out(path, "longer than what is read at once; its end is missing");
  }

  Call& call_;
  Tokens budget_;
  std::vector<std::pair<std::string, std::string>>
      folders_;                              // or what may be one, with why it cannot be read
  std::map<std::string, std::string> seen_;  // by content: one file may have several names
};

/// Reads `paths` (all at once), newest mention first, each content once, until `budget` is used. Folders come
/// last.
inline EmbeddedFiles embed_files(Call& call, const std::vector<std::string>& paths, Tokens budget) {
  std::vector<std::string> wanted;
  for (auto path = paths.rbegin(); path != paths.rend(); ++path) {
    if (std::find(wanted.begin(), wanted.end(), *path) == wanted.end()) wanted.push_back(*path);
  }
  FileReading reading(call, budget);
  for (std::size_t i = kFilesEmbeddedMax; i < wanted.size(); ++i) {
    reading.leave_out(wanted[i],
                      "only the " + std::to_string(kFilesEmbeddedMax) + " files named last are read");
  }
  wanted.resize(std::min(wanted.size(), kFilesEmbeddedMax));
  reading.read(wanted);
  reading.read_folders(kFilesEmbeddedMax - wanted.size());
  return std::move(reading.files);
}

}  // namespace toolpost::workflow
