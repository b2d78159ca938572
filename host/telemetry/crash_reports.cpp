#include "telemetry/crash_reports.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include "base/unique_fd.hpp"
#include "base/write_all.hpp"
#include "telemetry/log_text.hpp"

namespace toolpost {
namespace {

namespace fs = std::filesystem;

constexpr const char* kJournalEnding = ".journal";

Error failed(const std::string& path) {
  return {Errc::unavailable,
          "the crash report " + path + " cannot be written: " + std::generic_category().message(errno)};
}

/// Names begin with the time, so the oldest sort first.
void remove_oldest(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error))
    if (entry->path().extension() == ".txt") names.push_back(entry->path().string());
  if (names.size() <= kCrashReportsMax) return;
  std::sort(names.begin(), names.end());
  names.resize(names.size() - kCrashReportsMax);
  for (const std::string& name : names) {
    fs::remove(name, error);
    fs::remove(fs::path(name).replace_extension(kJournalEnding), error);
  }
}

UniqueFd new_file(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
}

std::string method_text(const CrashFacts& facts) {
  switch (facts.moment) {
    case CrashFacts::Moment::loading:
      return "none, it was being loaded";
    case CrashFacts::Moment::turn:
      return facts.method;
    case CrashFacts::Moment::no_turn:
      return "none, no turn failed by it";
  }
  return "unknown";
}

/// An id has letters, digits, '.', '_' and '-' only; whatever else got here stays out of a path.
std::string file_word(const std::string& plugin) {
  std::string word = plugin.substr(0, 100);
  for (char& c : word) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    if (!plain) c = '_';
  }
  return word;
}

}  // namespace

std::string crash_report_text(const CrashFacts& facts, const Redactor& redactor) {
  std::string out;
  const auto add = [&](std::string_view key, const std::string& value) {
    out.append(key).append(": ");
    append_quoted(out, redactor.mask(value));
    out += '\n';
  };
  add("plugin", facts.plugin + " " + facts.version);
  add("file", facts.file);
  add("sha256", facts.file_hash);
  add("how", facts.how);
  add("method", method_text(facts));
  add("last effect", facts.last_effect.empty() ? "none" : facts.last_effect);
  add("turns", std::to_string(facts.turns));
  add("time", std::to_string(facts.wall_ms) + " ms since 1970");
  out += "last lines:\n";
  if (facts.last_lines.empty()) out += "  none\n";
  for (const std::string& line : facts.last_lines) {
    out += "  ";
    append_quoted(out, redactor.mask(line));
    out += '\n';
  }
  return out;
}

Result<std::string> write_crash_report(const std::string& folder, const std::string& plugin,
                                       std::int64_t wall_ms, const CrashReport& report) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return failed(folder);
  std::string number = std::to_string(wall_ms);
  number.insert(0, number.size() < 14 ? 14 - number.size() : 0, '0');
  std::string stem;
  UniqueFd file;
  // Two workers may die in one millisecond.
  for (int copy = 0; copy < 100 && !file; ++copy) {
    stem = folder + "/" + number + "-" + std::to_string(copy) + "-" + file_word(plugin);
    file = new_file(stem + ".txt");
    if (!file && errno != EEXIST) return failed(stem + ".txt");
  }
  if (!file) return failed(stem + ".txt");
  std::string text = report.text;
  if (!report.journal.empty()) {
    const std::string journal = stem + kJournalEnding;
    if (!write_all(new_file(journal).get(), report.journal)) return failed(journal);
    text += "again: toolpost replay " + journal + "\n";
  }
  if (!write_all(file.get(), text)) return failed(stem + ".txt");
  remove_oldest(folder);
  return stem + ".txt";
}

}  // namespace toolpost
