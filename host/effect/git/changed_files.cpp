#include "effect/git/changed_files.hpp"

#include "effect/file/file_path_text.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

constexpr std::size_t kOmittedPathBytesMax = 512;

const char* status_of(git_delta_t status) {
  switch (status) {
    case GIT_DELTA_ADDED:
    case GIT_DELTA_COPIED:
      return "added";
    case GIT_DELTA_DELETED:
      return "deleted";
    case GIT_DELTA_RENAMED:
      return "renamed";
    case GIT_DELTA_UNTRACKED:
      return "untracked";
    default:
      return "modified";
  }
}

std::string path_of(const git_diff_file& file) {
  return file.path == nullptr ? "" : file.path;
}

bool is_too_large(const git_diff_delta& delta) {
  constexpr auto kMax = static_cast<git_object_size_t>(kGitFileBytesMax);
  return delta.old_file.size > kMax || delta.new_file.size > kMax;
}

/// Whether the two sides differ in content, absent ones being empty.
bool differs(const git_diff_delta& delta) {
  constexpr const char* kEmptyBlob = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
  git_oid empty;
  if (git_oid_fromstr(&empty, kEmptyBlob) != 0) return false;
  const git_oid& old_id = git_oid_is_zero(&delta.old_file.id) != 0 ? empty : delta.old_file.id;
  const git_oid& new_id = git_oid_is_zero(&delta.new_file.id) != 0 ? empty : delta.new_file.id;
  return git_oid_equal(&old_id, &new_id) == 0;
}

std::size_t json_bytes(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace).size();
}

}  // namespace

void ChangedFiles::attach(git_diff_options& options) {
  options.notify_cb = &on_delta;
  options.payload = this;
}

int ChangedFiles::on_delta(const git_diff* /*diff*/, const git_diff_delta* delta, const char* /*pathspec*/,
                           void* self) {
  auto& files = *static_cast<ChangedFiles*>(self);
  const std::string why = files.hidden_because(*delta);
  if (why.empty()) return 0;
  files.omit(*delta, why);
  return 1;
}

std::string ChangedFiles::hidden_because(const git_diff_delta& delta) const {
  std::string why = visible_.hidden_because(path_of(delta.new_file));
  return why.empty() ? visible_.hidden_because(path_of(delta.old_file)) : why;
}

void ChangedFiles::omit(const git_diff_delta& delta, const std::string& why) {
  const std::string path = path_of(delta.new_file).substr(0, kOmittedPathBytesMax);
  if (omitted_.size() >= kGitOmittedMax) {
    truncated_ = true;
  } else if (omitted_seen_.emplace(path, why).second) {
    const std::string shown = shown_file_path(path);
    const bool plain = shown == "\"" + path + "\"";
    omitted_.push_back({{"path", plain ? path : shown}, {"why", why}});
  }
}

void ChangedFiles::add(DiffHandle diff, const std::string& section) {
  if (git_diff_num_deltas(diff.get()) <= kGitRenamesMax) {
    git_diff_find_options find;
    git_diff_find_options_init(&find, GIT_DIFF_FIND_OPTIONS_VERSION);
    find.flags = GIT_DIFF_FIND_RENAMES;
    // Without it the files stand as deleted and added, which is true as well.
    git_diff_find_similar(diff.get(), &find);
  }
  for (std::size_t i = 0; i < git_diff_num_deltas(diff.get()); ++i) {
    if (files_.size() >= order_.files_max) {
      truncated_ = true;
      return;
    }
    add_one(diff.get(), i, section);
  }
}

void ChangedFiles::add_one(git_diff* diff, std::size_t number, const std::string& section) {
  const git_diff_delta& delta = *git_diff_get_delta(diff, number);
  if (const std::string why = hidden_because(delta); !why.empty()) return omit(delta, why);
  if (delta.status == GIT_DELTA_UNMODIFIED || delta.status == GIT_DELTA_IGNORED) return;
  const bool untracked = delta.status == GIT_DELTA_UNTRACKED;
  if (untracked ? !order_.untracked : section == "unstaged" && !order_.unstaged) return;
  if (is_too_large(delta)) return omit(delta, "it is larger than 8 MiB");
  git_patch* patch = nullptr;
  if (git_patch_from_diff(&patch, diff, number) != 0)
    return omit(delta, "it cannot be read: " + git_reason());
  const PatchHandle owned(patch);
  std::size_t additions = 0;
  std::size_t deletions = 0;
  std::size_t bytes = 0;
  git_buf text{};
  if (patch != nullptr) {
    git_patch_line_stats(nullptr, &additions, &deletions, patch);
    bytes = git_patch_size(patch, 1, 1, 1);
    if (bytes <= order_.max_bytes && git_patch_to_buf(&text, patch) != 0)
      return omit(delta, "its diff cannot be made: " + git_reason());
  }
  // libgit2 looks at the contents only now.
  const git_diff_delta& read = patch == nullptr ? delta : *git_patch_get_delta(patch);
  if (is_too_large(read)) return git_buf_dispose(&text), omit(delta, "it is larger than 8 MiB");
  const bool binary = (read.flags & GIT_DIFF_FLAG_BINARY) != 0;
  // When memory runs out while it compares, libgit2 says so by leaving every line out.
  if (!binary && patch != nullptr && git_patch_num_hunks(patch) == 0 && differs(read)) {
    git_buf_dispose(&text);
    return omit(delta, "comparing it takes more than git.memory_bytes_max");
  }
  json file = {{"path", path_of(delta.new_file)},
               {"status", status_of(delta.status)},
               {"section", untracked ? "untracked" : section},
               {"additions", additions},
               {"deletions", deletions},
               {"binary", binary},
               {"diff", binary || text.ptr == nullptr ? std::string() : std::string(text.ptr, text.size)}};
  git_buf_dispose(&text);
  if (delta.status == GIT_DELTA_RENAMED) file["old_path"] = path_of(delta.old_file);
  if (delta.status == GIT_DELTA_CONFLICTED) file["conflicted"] = true;
  const std::uint64_t size = bytes > order_.max_bytes ? bytes : json_bytes(file) + 1;
  if (bytes_ + size > order_.max_bytes) {
    truncated_ = true;
    return omit(delta,
                "its diff of " + std::to_string(bytes) + " bytes, +" + std::to_string(additions) + " -" +
                    std::to_string(deletions) +
                    " lines, does not fit into the rest of max_bytes = " + std::to_string(order_.max_bytes));
  }
  bytes_ += size;
  files_.push_back(std::move(file));
}

void ChangedFiles::write_to(json& answer) {
  answer["files"] = std::move(files_);
  answer["omitted"] = std::move(omitted_);
  answer["truncated"] = truncated_;
}

}  // namespace toolpost
