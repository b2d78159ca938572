#pragma once
// What providers cost a day, reserved and spent. The caller holds the store's mutex. Of several hosts that
// share the file none gets more than is left: each reservation is one statement.

#include <array>

#include "store/money_record.hpp"
#include "store/sqlite_database.hpp"
#include "store/sqlite_statement.hpp"

namespace toolpost {

class SqliteSpending {
 public:
  /// `database` outlives this.
  Result<void> prepare(SqliteDatabase& database);

  Result<MoneyAnswer> reserve(const MoneyOrder& order);
  /// What was reserved turned out otherwise: `change` is added, below 0 gives back.
  Result<void> settle(const std::string& provider, std::int64_t day, std::int64_t change);
  Result<void> remove_before(std::int64_t day);

 private:
  enum Query : std::size_t { add_amount, change_amount, read_amount, drop_old, query_count };
  static const std::array<const char*, query_count> kSql;

  SqliteDatabase* database_ = nullptr;
  std::array<SqliteStatement, query_count> statements_;
};

}  // namespace toolpost
