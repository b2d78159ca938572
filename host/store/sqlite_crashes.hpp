#pragma once
// Which plugin files crashed on which inputs. The caller holds the store's mutex.

#include <array>
#include <vector>

#include "base/crash_record.hpp"
#include "store/sqlite_database.hpp"
#include "store/sqlite_statement.hpp"

namespace toolpost {

class SqliteCrashes {
 public:
  /// `database` outlives this.
  Result<void> prepare(SqliteDatabase& database);

  Result<void> note(const CrashRecord& crash);
  /// The newest 2000, the oldest of them first.
  Result<std::vector<CrashRecord>> list();
  Result<void> forget(const std::string& file);
  /// Inputs only: what a person has to release stays.
  Result<void> remove_before(std::int64_t at_ms);

 private:
  enum Query : std::size_t { add_crash, list_crashes, drop_file, drop_old, query_count };
  static const std::array<const char*, query_count> kSql;

  SqliteDatabase* database_ = nullptr;
  std::array<SqliteStatement, query_count> statements_;
};

}  // namespace toolpost
