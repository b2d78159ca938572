#pragma once
// Names that are never read or listed, wherever in a root they stand: keys, credentials, version control
// internals, and what the operator adds. Compared without case. A net for accidents; the roots are the wall.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace toolpost {

class ProtectedNames {
 public:
  /// `deny` holds single names, in which "*" stands for any characters. Error: invalid_config naming the bad
  /// entry.
  static Result<ProtectedNames> make(const std::vector<std::string>& deny);

  /// The pattern that protects `name`, or null. Lifetime: the pattern is borrowed from this object.
  const std::string* match(std::string_view name) const;

 private:
  std::vector<std::string> patterns_;  // folded
};

/// Folders that hold what tools made (version control, dependencies, builds, caches): a listing does not
/// enter them unless it begins there.
bool is_generated_folder(std::string_view name);

}  // namespace toolpost
