#include "store/sqlite_spending.hpp"

#include <sqlite3.h>

namespace toolpost {

const std::array<const char*, SqliteSpending::query_count> SqliteSpending::kSql = {
    "INSERT INTO spending (provider, day, micro) SELECT ?1, ?2, ?3 WHERE ?3 <= ?4 "
    "ON CONFLICT DO UPDATE SET micro = micro + excluded.micro WHERE micro + excluded.micro <= ?4",
    "UPDATE spending SET micro = max(0, micro + ?) WHERE provider = ? AND day = ?",
    "SELECT micro FROM spending WHERE provider = ? AND day = ?",
    "DELETE FROM spending WHERE day < ?",
};

Result<void> SqliteSpending::prepare(SqliteDatabase& database) {
  database_ = &database;
  return database.prepare(statements_, kSql);
}

Result<MoneyAnswer> SqliteSpending::reserve(const MoneyOrder& order) {
  MoneyAnswer answer;
  {
    SqliteUse add(statements_[add_amount]);
    add.bind(order.provider).bind(order.day).bind(order.amount).bind(order.limit);
    if (auto done = database_->finish(add, "reserving money"); !done) return done.error();
    answer.granted = sqlite3_changes(database_->handle()) > 0;
  }
  SqliteUse read(statements_[read_amount]);
  const int step = read.bind(order.provider).bind(order.day).step();
  if (step != SQLITE_ROW && step != SQLITE_DONE) return database_->failed("reading what was spent");
  answer.counted = step == SQLITE_ROW ? read.number(0) : 0;
  return answer;
}

Result<void> SqliteSpending::settle(const std::string& provider, std::int64_t day, std::int64_t change) {
  SqliteUse add(statements_[change_amount]);
  return database_->finish(add.bind(change).bind(provider).bind(day), "settling money");
}

Result<void> SqliteSpending::remove_before(std::int64_t day) {
  SqliteUse old(statements_[drop_old]);
  return database_->finish(old.bind(day), "removing old days");
}

}  // namespace toolpost
