#include "store/sqlite_statement.hpp"

#include <sqlite3.h>

namespace toolpost {

SqliteStatement::~SqliteStatement() {
  sqlite3_finalize(statement_);
}

bool SqliteStatement::prepare(sqlite3* database, const char* sql) {
  return sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr) == SQLITE_OK;
}

SqliteUse::~SqliteUse() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

SqliteUse& SqliteUse::bind(std::string_view text) {
  // A null pointer would bind NULL, and an empty text is not that.
  const char* bytes = text.data() == nullptr ? "" : text.data();
  const int code = sqlite3_bind_text64(statement_, ++bound_, bytes, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) failure_ = code;
  return *this;
}

SqliteUse& SqliteUse::bind(std::int64_t number) {
  const int code = sqlite3_bind_int64(statement_, ++bound_, number);
  if (code != SQLITE_OK) failure_ = code;
  return *this;
}

int SqliteUse::step() {
  return failure_ != 0 ? failure_ : sqlite3_step(statement_);
}

std::string SqliteUse::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return bytes == nullptr
             ? ""
             : std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

std::int64_t SqliteUse::number(int column) const {
  return sqlite3_column_int64(statement_, column);
}

}  // namespace toolpost
