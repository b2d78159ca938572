#pragma once
// What a client of the stateless revision carries from an unfinished answer to its next call. The client can
// read and change it, so it says nothing secret and is sealed: bound to the owner, to what was asked and to a
// time, with HMAC-SHA-256 under a key of the state folder, which all hosts of the folder share.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "base/result.hpp"

namespace toolpost {

/// To what a state is bound.
struct RequestBinding {
  std::string owner;
  std::string wanted;  // wanted_digest() of the call: plugin, method and arguments
};

/// What a state says.
struct OpenedState {
  std::string journal;
  std::int64_t expires_ms = 0;
};

class RequestStateSeal {
 public:
  /// Reads the key, or makes it when there is none; mode 0600. Errors: unavailable, naming the file.
  static Result<RequestStateSeal> open(const std::string& state_dir, RandomSource& random);

  std::string seal(const std::string& journal, const RequestBinding& binding, std::int64_t expires_ms) const;
  /// Errors: invalid_input for one that was changed, belongs to another call, or is too old.
  Result<OpenedState> unseal(std::string_view state, const RequestBinding& binding,
                             std::int64_t now_ms) const;

 private:
  explicit RequestStateSeal(std::string key) : key_(std::move(key)) {}
  std::string mac(const std::string& named, const RequestBinding& binding) const;

  std::string key_;  // 32 bytes
};

}  // namespace toolpost
