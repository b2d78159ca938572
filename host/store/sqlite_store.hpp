#pragma once
// ThreadStore on SQLite. Several hosts may share one file.

#include <memory>

#include "config/settings.hpp"
#include "store/thread_store.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace toolpost {

class SqliteStore final : public ThreadStore {
 public:
  /// `file` may be ":memory:". Errors: unavailable; incompatible when a newer Toolpost made the file.
  static Result<std::unique_ptr<SqliteStore>> open(const std::string& file, const StoreSettings& settings);
  ~SqliteStore() override;

  Result<std::string> read_thread(const std::string& owner, const std::string& id, std::int64_t now_ms) override;
  Result<std::optional<std::string>> get_value(const std::string& owner, const std::string& plugin,
                                               const std::string& key) override;
  Result<void> commit(const StoreBatch& batch) override;
  Result<void> remove_expired(std::int64_t now_ms) override;

 private:
  class Statement;
  explicit SqliteStore(const StoreSettings& settings) : settings_(settings) {}
  Result<void> run(const char* sql);
  Result<void> append(const StoreBatch& batch, const ThreadAppend& append);
  Result<void> put(const StoreBatch& batch, const ValuePut& put);
  Error failed(const char* doing) const;

  const StoreSettings settings_;
  std::string file_;
  sqlite3* database_ = nullptr;
};

}  // namespace toolpost
