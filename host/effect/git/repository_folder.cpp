#include "effect/git/repository_folder.hpp"

#include <filesystem>
#include <fstream>

#include "effect/file/file_path_text.hpp"

namespace toolpost {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kConfigBytesMax = 256 << 10;
constexpr std::size_t kNamesMax = 200'000;

std::string lowered(std::string text) {
  for (char& letter : text) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return text;
}

std::string trimmed(const std::string& text) {
  constexpr const char* kSpace = " \t\r";
  const std::size_t first = text.find_first_not_of(kSpace);
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

Error unsupported(const std::string& what) {
  return {Errc::unsupported, "the repository uses " + what + ", which this host cannot read"};
}

}  // namespace

Result<RepositoryFormat> read_repository_format(const std::string& common_folder) {
  std::string text(kConfigBytesMax, '\0');
  std::ifstream stream(common_folder + "/config", std::ios::binary);
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  RepositoryFormat format;
  std::string section;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = trimmed(text.substr(begin, end - begin));
    begin = end + 1;
    if (line.starts_with('[')) {
      section = lowered(line.substr(0, line.find(']') + 1));
      continue;
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    const std::string key = lowered(trimmed(line.substr(0, equals)));
    std::string value = lowered(trimmed(line.substr(equals + 1)));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    if (section == "[extensions]" && key == "objectformat" && value != "sha1")
      return unsupported("the object format " + shown_file_path(value));
    if (section == "[extensions]" && key == "refstorage" && value != "files")
      return unsupported("the ref storage " + shown_file_path(value));
    if (section == "[core]" && key == "filemode")
      format.file_modes = value != "false" && value != "no" && value != "off" && value != "0";
  }
  return format;
}

Result<void> refuse_links(const std::string& git_folder) {
  std::error_code error;
  std::size_t names = 0;
  fs::recursive_directory_iterator entry(git_folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (++names > kNamesMax) {
      return Error{Errc::exhausted, "the repository's own folder holds more than " +
                                        std::to_string(kNamesMax) +
                                        " names, too many to look at; \"git gc\" makes them fewer"};
    }
    // git never takes what it reads from these, and people put links there.
    const std::string name = entry->path().filename().string();
    const bool unread = entry.depth() == 0 && (name == "hooks" || name == "modules" || name == "worktrees");
    if (entry->is_symlink() && !unread) {
      return Error{Errc::permission,
                   "the repository's " + shown_file_path(entry->path().string()) +
                       " is a symbolic link; without Landlock in the kernel such a repository is "
                       "not read"};
    }
    if (unread) entry.disable_recursion_pending();
  }
  return {};
}

}  // namespace toolpost
