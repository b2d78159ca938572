#pragma once
// Opens one name inside an open folder, never through a link and never outside it.
// Only file_roots.cpp and file_listing.cpp may open files with it; nothing else of the effect opens any.

#include "base/unique_fd.hpp"

namespace toolpost {

/// `kernel` is openat2(2), with the portable way where the kernel or a container refuses that call.
enum class OpenMethod { kernel, portable };

/// `name` is a single name, or "." for `folder` itself; `flags` as for open(2), O_CLOEXEC is added.
/// Empty, with errno set, when it cannot be opened; a link is ELOOP or ENOTDIR.
UniqueFd open_beneath(int folder, const char* name, int flags, OpenMethod method);

}  // namespace toolpost
