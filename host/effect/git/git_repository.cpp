#include "effect/git/git_repository.hpp"

#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>

#include "base/text.hpp"
#include "effect/file/file_path_text.hpp"
#include "effect/git/repository_folder.hpp"

namespace toolpost {
namespace {

constexpr std::size_t kWindowBytes = 16 << 20;  // of a mapped pack; the default is a gigabyte
constexpr std::size_t kPackFilesMax = 64;       // open at once
constexpr int kLevelWithLandlock = 3;
constexpr int kBranchesShownMax = 10;

bool set_up(const GitOrder& order) {
  bool ok = git_libgit2_init() > 0;
  for (const int level : {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG,
                          GIT_CONFIG_LEVEL_GLOBAL}) {
    ok = ok && git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "") == 0;
  }
  const std::size_t mapped = order.memory_bytes_max / 4;
  ok = ok && git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, kWindowBytes) == 0;
  ok = ok && git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, mapped) == 0;
  ok = ok && git_libgit2_opts(GIT_OPT_SET_MWINDOW_FILE_LIMIT, kPackFilesMax) == 0;
  ok = ok &&
       git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, static_cast<ssize_t>(order.memory_bytes_max / 8)) == 0;
  return ok && git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1) == 0;
}

/// An object database of the repository's own folder: with libgit2's own, "alternates" would add other ones.
Result<void> use_own_objects(git_repository* repository, const std::string& common_folder) {
  const std::string folder = common_folder + "/objects";
  git_odb* odb = nullptr;
  if (git_odb_new(&odb) != 0) return git_failure("making an object database");
  const OdbHandle owned(odb);
  git_odb_backend* loose = nullptr;
  git_odb_backend* packed = nullptr;
  if (git_odb_backend_loose(&loose, folder.c_str(), -1, 0, 0, 0) != 0 ||
      git_odb_add_backend(odb, loose, 1) != 0)
    return git_failure("opening the loose objects");
  if (git_odb_backend_pack(&packed, folder.c_str()) != 0 || git_odb_add_backend(odb, packed, 2) != 0)
    return git_failure("opening the packed objects");
  if (git_repository_set_odb(repository, odb) != 0) return git_failure("using the objects");
  return {};
}

std::string branch_names(git_repository* repository) {
  git_branch_iterator* branches = nullptr;
  if (git_branch_iterator_new(&branches, repository, GIT_BRANCH_ALL) != 0) return {};
  const BranchIteratorHandle owned(branches);
  std::string list;
  git_reference* reference = nullptr;
  git_branch_t type{};
  for (int shown = 0; git_branch_next(&reference, &type, branches) == 0;) {
    const ReferenceHandle branch(reference);
    const char* name = nullptr;
    if (git_branch_name(&name, branch.get()) != 0) continue;
    if (++shown > kBranchesShownMax) return list + ", ...";
    list += (list.empty() ? "" : ", ") + plain_excerpt(name);
  }
  return list;
}

}  // namespace

std::string git_reason() {
  const git_error* error = git_error_last();
  return error == nullptr ? "no reason was given" : plain_excerpt(error->message, 200);
}

Error git_failure(std::string_view what) {
  const git_error* error = git_error_last();
  if (error != nullptr && error->klass == GIT_ERROR_NOMEMORY) {
    return {Errc::exhausted,
            std::string(what) + " takes more than git.memory_bytes_max; the operator may raise it"};
  }
  return {Errc::unavailable, std::string(what) + " failed: " + git_reason() +
                                 "; the repository may be damaged (\"git fsck\" tells)"};
}

std::string oid_text(const git_oid& id) {
  char digits[GIT_OID_HEXSZ + 1];
  return git_oid_tostr(digits, sizeof digits, &id);
}

Result<void> start_libgit2(const GitOrder& order) {
  if (!set_up(order)) return Error{Errc::unavailable, "libgit2 cannot be set up: " + git_reason()};
  return {};
}

Result<OpenedRepository> open_repository(const GitOrder& order, int level) {
  if (level < kLevelWithLandlock) {
    for (const std::string& folder : {order.git_folder, order.common_folder}) {
      if (auto plain = refuse_links(folder); !plain) return plain.error();
    }
  }
  auto format = read_repository_format(order.common_folder);
  if (!format) return format.error();
  git_repository* repository = nullptr;
  // Opened as bare, since every other way reads the repository's configuration: that may include any file,
  // name another working folder, and change how links are read.
  if (git_repository_open_bare(&repository, order.git_folder.c_str()) != 0) return git_failure("opening it");
  OpenedRepository opened{RepositoryHandle(repository), format->file_modes};
  git_config* config = nullptr;
  if (git_config_new(&config) != 0) return git_failure("making an empty configuration");
  const ConfigHandle owned(config);
  if (git_repository_set_config(repository, config) != 0) return git_failure("using an empty configuration");
  if (auto own = use_own_objects(repository, order.common_folder); !own) return own.error();
  if (!order.folder.empty() && git_repository_set_workdir(repository, order.folder.c_str(), 0) != 0)
    return git_failure("opening its folder");
  return opened;
}

Result<Head> read_head(git_repository* repository) {
  git_reference* reference = nullptr;
  if (git_reference_lookup(&reference, repository, "HEAD") != 0) return git_failure("reading HEAD");
  const ReferenceHandle owned(reference);
  Head head;
  if (git_reference_type(reference) == GIT_REFERENCE_SYMBOLIC) {
    constexpr std::string_view kBranches = "refs/heads/";
    const std::string target = git_reference_symbolic_target(reference);
    int valid = 0;
    if (git_reference_name_is_valid(&valid, target.c_str()) != 0 || valid == 0)
      return Error{Errc::unavailable,
                   "HEAD names " + shown_file_path(target) + ", which no branch can be called"};
    head.branch = target.starts_with(kBranches) ? target.substr(kBranches.size()) : target;
  }
  git_oid id;
  const int code = git_reference_name_to_id(&id, repository, "HEAD");
  if (code != 0 && code != GIT_ENOTFOUND) return git_failure("reading HEAD");
  if (code == 0) head.id = id;
  return head;
}

Result<CommitHandle> find_commit(git_repository* repository, const std::string& revision) {
  git_object* object = nullptr;
  const int code = git_revparse_single(&object, repository, revision.c_str());
  const ObjectHandle owned(object);
  git_object* commit = nullptr;
  if (code == 0 && git_object_peel(&commit, object, GIT_OBJECT_COMMIT) == 0)
    return CommitHandle(reinterpret_cast<git_commit*>(commit));
  const std::string reason = git_reason();
  const std::string branches = branch_names(repository);
  return Error{Errc::not_found,
               shown_file_path(revision) + " names no commit (" + reason + "); " +
                   (branches.empty() ? "there is no branch" : "the branches are " + branches)};
}

}  // namespace toolpost
