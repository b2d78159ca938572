#pragma once
// One prepared statement and one use of it. Text is bound by reference: it must outlive the use.

#include <cstdint>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace toolpost {

/// Finalizes what it holds. Prepared once, used many times, one use at a time.
class SqliteStatement {
 public:
  SqliteStatement() = default;
  ~SqliteStatement();
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

  /// False when SQLite refuses; its error code is then set on `database`.
  bool prepare(sqlite3* database, const char* sql);

 private:
  friend class SqliteUse;
  sqlite3_stmt* statement_ = nullptr;
};

/// Binds, steps, and resets when it goes, so that no read lock outlives it.
class SqliteUse {
 public:
  explicit SqliteUse(SqliteStatement& statement) : statement_(statement.statement_) {}
  ~SqliteUse();
  SqliteUse(const SqliteUse&) = delete;
  SqliteUse& operator=(const SqliteUse&) = delete;

  /// The next parameter, in order.
  SqliteUse& bind(std::string_view text);
  SqliteUse& bind(std::int64_t number);

  /// SQLITE_ROW, SQLITE_DONE or an error code.
  int step();
  std::string text(int column) const;
  std::int64_t number(int column) const;

 private:
  sqlite3_stmt* statement_;
  int bound_ = 0;
  int failure_ = 0;
};

}  // namespace toolpost
