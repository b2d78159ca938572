#include "effect/git/git_request.hpp"

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "effect/file/file_path_text.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

constexpr std::size_t kRequestBytesMax = 32 << 10;
constexpr std::size_t kRevisionBytesMax = 256;
constexpr std::uint64_t kBytesMin = 1024;

/// Takes the fields of an object one by one and keeps the first thing that is wrong with them.
class Fields {
 public:
  Fields(std::string_view kind, std::string_view text) : kind_(kind) {
    const bool too_large = text.size() > kRequestBytesMax;
    if (too_large) refuse("the request is larger than 32 KiB");
    if (!too_large) object_ = json::parse(text, nullptr, false);
    if (!object_.is_object()) refuse("the request is no JSON object");
  }

  void refuse(const std::string& why) {
    if (!error_) error_ = Error{Errc::invalid_input, kind_ + ": " + why};
  }
  std::string text(const char* key) {
    const json* value = take(key);
    if (value == nullptr) return {};
    if (!value->is_string()) return refuse("\"" + std::string(key) + "\" must be a string"), std::string();
    return value->get<std::string>();
  }
  bool flag(const char* key, bool fallback) {
    const json* value = take(key);
    if (value != nullptr && !value->is_boolean())
      refuse("\"" + std::string(key) + "\" must be true or false");
    return value != nullptr && value->is_boolean() ? value->get<bool>() : fallback;
  }
  std::uint64_t number(const char* key, std::uint64_t fallback, std::uint64_t min,
                       std::optional<std::uint64_t> max) {
    const json* value = take(key);
    if (value == nullptr) return fallback;
    if (value->is_number_unsigned() && *value >= min && (!max || *value <= *max))
      return value->get<std::uint64_t>();
    refuse("\"" + std::string(key) + "\" must be a whole number from " + std::to_string(min) +
           (max ? " to " + std::to_string(*max) : " on"));
    return fallback;
  }
  std::optional<Error> finish() {
    if (!error_) {
      for (const auto& [key, value] : object_.items()) {
        if (std::find(taken_.begin(), taken_.end(), key) != taken_.end()) continue;
        const auto meant = did_you_mean(key, taken_);
        refuse(shown_file_path(key) + " is not known" + (meant ? "; did you mean \"" + *meant + "\"?" : ""));
        break;
      }
    }
    return error_;
  }

 private:
  const json* take(const char* key) {
    taken_.emplace_back(key);
    if (error_ || !object_.contains(key)) return nullptr;
    return &object_[key];
  }

  const std::string kind_;
  json object_;
  std::vector<std::string> taken_;
  std::optional<Error> error_;
};

/// A name of a commit, without what asks libgit2 for contents ("main:file"), searches (":/text") or patterns.
bool is_revision(std::string_view text) {
  if (text.size() > kRevisionBytesMax || text.starts_with('-')) return false;
  return std::none_of(text.begin(), text.end(), [](unsigned char letter) {
    return letter <= 0x20 || letter == 0x7f ||
           std::string_view(":?*[\\").find(static_cast<char>(letter)) != std::string_view::npos;
  });
}

void read_changes(Fields& fields, GitRequest& request, std::uint64_t output_bytes_max) {
  request.compare_to = fields.text("compare_to");
  request.staged = fields.flag("staged", true);
  request.unstaged = fields.flag("unstaged", true);
  request.untracked = fields.flag("untracked", false);
  request.context_lines =
      static_cast<std::uint32_t>(fields.number("context_lines", 3, 0, kGitContextLinesMax));
  request.max_bytes = std::min(output_bytes_max, fields.number("max_bytes", output_bytes_max, kBytesMin, {}));
  if (!is_revision(request.compare_to)) {
    fields.refuse("\"compare_to\" " + shown_file_path(request.compare_to) +
                  " is no name of a commit; give a branch, a tag or an id");
  }
  if (request.compare_to.empty() && !request.staged && !request.unstaged && !request.untracked)
    fields.refuse("nothing is asked for; set \"staged\", \"unstaged\", \"untracked\" or \"compare_to\"");
}

void read_log(Fields& fields, GitRequest& request) {
  request.max_entries = static_cast<std::uint32_t>(fields.number("max_entries", 20, 1, kGitEntriesMax));
  const std::string file = fields.text("file");
  if (file.empty()) return;
  auto names = split_file_path(file);
  if (!names || file.starts_with('/') || names->empty()) {
    return fields.refuse("\"file\" " + shown_file_path(file) +
                         " must be a path within the repository, such as \"src/main.cpp\"" +
                         (names ? "" : "; the " + names.error().message));
  }
  for (const std::string& name : *names) request.file += (request.file.empty() ? "" : "/") + name;
}

}  // namespace

Result<GitRequest> parse_git_request(std::string_view kind, std::string_view json_text,
                                     std::uint64_t output_bytes_max) {
  Fields fields(kind, json_text);
  GitRequest request;
  request.kind = kind;
  request.path = fields.text("path");
  if (request.path.empty()) fields.refuse("needs \"path\", a folder");
  if (kind == "git.repositories") {
    request.depth_max = static_cast<std::uint32_t>(fields.number("depth_max", 5, 0, kGitDepthMax));
  } else if (kind == "git.changes") {
    read_changes(fields, request, output_bytes_max);
  } else if (kind == "git.log") {
    read_log(fields, request);
  } else {
    return Error{Errc::unsupported, "no git effect is called " + shown_file_path(kind)};
  }
  if (auto error = fields.finish()) return *error;
  return request;
}

}  // namespace toolpost
