#pragma once
// A secret value that cannot be printed by accident and leaves nothing behind in memory that it owned.
// Where secrets come from is configuration; who may use them is the http effect's decision.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "config/settings.hpp"

namespace toolpost {

/// Has no operator<< and no conversion to a string: reveal() is what reviews search for.
class Secret {
 public:
  Secret(std::string name, std::string_view value);
  ~Secret() { wipe(); }
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  /// Of its source, for messages: "GLM_API_KEY" or the file's last component.
  const std::string& name() const { return name_; }
  /// Borrowed from this secret; do not keep, copy or log it.
  std::string_view reveal() const { return {bytes_.get(), size_}; }

 private:
  void wipe();

  std::string name_;
  std::unique_ptr<char[]> bytes_;  // not std::string: its small buffer would be copied by moves and not wiped
  std::size_t size_ = 0;
};

/// Like getenv: null when the variable is not set; the text stays the environment's.
using EnvironmentGetter = std::function<const char*(const char* name)>;

/// Reads the variable, the command's output, or the file (regular, the effective user's, 0600 or stricter).
/// A line end after the value is dropped; at most 16 KiB, printable ASCII, since it goes into a header.
/// Errors: invalid_config, naming variable or file and what to do, never the value.
Result<Secret> load_secret(const SecretSource& source, const EnvironmentGetter& environment);

}  // namespace toolpost
