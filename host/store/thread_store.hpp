#pragma once
// What outlives a call: conversation threads with their turns and state, and plugins' own values. Behind one interface,
// so that another database can take SQLite's place. Every id is bound to its owner.
// Blocking; called on the store's lane. Times are handed in, wall clock in milliseconds.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace toolpost {

struct ThreadAppend {
  std::string id;
  std::string tool;
  std::string turn_json;
  std::string state_json;    // of this tool in this thread; empty: unchanged
};
struct ValuePut {
  std::string plugin;
  std::string key;
  std::string value_json;
};

/// What one call leaves behind; stored whole or not at all.
struct StoreBatch {
  std::string owner;
  std::int64_t now_ms = 0;
  std::vector<ThreadAppend> appends;
  std::vector<ValuePut> puts;
  bool empty() const { return appends.empty() && puts.empty(); }
};

class ThreadStore {
 public:
  virtual ~ThreadStore() = default;
  /// {"id":..., "turns":[...], "state":{tool: ...}}. Unknown, expired and foreign ids are the same not_found.
  virtual Result<std::string> read_thread(const std::string& owner, const std::string& id, std::int64_t now_ms) = 0;
  virtual Result<std::optional<std::string>> get_value(const std::string& owner, const std::string& plugin,
                                                       const std::string& key) = 0;
  /// Errors: exhausted (naming the setting), unavailable (naming the file).
  virtual Result<void> commit(const StoreBatch& batch) = 0;
  virtual Result<void> remove_expired(std::int64_t now_ms) = 0;
};

}  // namespace toolpost
