#pragma once
// What is read of a repository's own folder without libgit2: the few lines of its configuration that decide
// whether the rest can be understood, and whether there are links. Nothing in that file is followed or run.

#include <string>

#include "base/result.hpp"

namespace toolpost {

struct RepositoryFormat {
  bool file_modes = true;  // core.fileMode
};
/// A repository without a configuration has the default format. Error: unsupported, naming the extension.
Result<RepositoryFormat> read_repository_format(const std::string& common_folder);

/// Where no Landlock keeps libgit2 within the repository: refuses one whose own files are links.
/// Errors: permission, naming the link; exhausted past 200,000 names.
Result<void> refuse_links(const std::string& git_folder);

}  // namespace toolpost
