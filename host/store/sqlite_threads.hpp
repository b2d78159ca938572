#pragma once
// The operator's view of the store's threads: lists them, loads one whole, forgets some. The caller holds the
// store's mutex and a transaction. Not for the turns of running calls (sqlite_store.cpp appends and reads
// those).

#include <array>

#include "store/sqlite_database.hpp"
#include "store/sqlite_statement.hpp"
#include "store/thread_record.hpp"

namespace toolpost {

class SqliteThreads {
 public:
  /// `database` outlives this.
  Result<void> prepare(SqliteDatabase& database);

  Result<ThreadList> list(const std::string& owner, std::int64_t now_ms, std::int64_t limit);
  /// Without turns and states when no thread of this owner that can be continued has the id.
  Result<StoredThread> load(const std::string& owner, const std::string& id, std::int64_t now_ms);
  /// How many there were; 0 or 1.
  Result<std::int64_t> drop(const std::string& owner, const std::string& id, std::int64_t now_ms);
  Result<std::int64_t> drop_expired(const std::string& owner, std::int64_t now_ms);
  Result<std::int64_t> drop_all(const std::string& owner);

 private:
  enum Query : std::size_t {
    count_threads,
    read_heads,
    read_head,
    read_models,
    read_turns,
    read_states,
    drop_one,
    drop_old,
    drop_each,
    query_count,
  };
  static const std::array<const char*, query_count> kSql;

  Result<void> add_models(ThreadHead& head);
  Result<std::int64_t> dropped(SqliteUse& use);

  SqliteDatabase* database_ = nullptr;
  std::array<SqliteStatement, query_count> statements_;
};

}  // namespace toolpost
