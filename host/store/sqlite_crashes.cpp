#include "store/sqlite_crashes.hpp"

#include <sqlite3.h>

#include <algorithm>

namespace toolpost {

const std::array<const char*, SqliteCrashes::query_count> SqliteCrashes::kSql = {
    "INSERT INTO crashes (file, owner, input, at_ms, count) VALUES (?1, ?2, ?3, ?4, ?5) "
    "ON CONFLICT DO UPDATE SET at_ms = excluded.at_ms, count = min(count + excluded.count, 1000000)",
    "SELECT file, owner, input, at_ms, count FROM crashes ORDER BY input = '' DESC, at_ms DESC LIMIT 2000",
    "DELETE FROM crashes WHERE file = ?",
    "DELETE FROM crashes WHERE input <> '' AND at_ms < ?",
};

Result<void> SqliteCrashes::prepare(SqliteDatabase& database) {
  database_ = &database;
  return database.prepare(statements_, kSql);
}

Result<void> SqliteCrashes::note(const CrashRecord& crash) {
  SqliteUse add(statements_[add_crash]);
  add.bind(crash.file)
      .bind(crash.owner)
      .bind(crash.input)
      .bind(crash.at_ms)
      .bind(static_cast<std::int64_t>(crash.count));
  return database_->finish(add, "noting a crash");
}

Result<std::vector<CrashRecord>> SqliteCrashes::list() {
  std::vector<CrashRecord> crashes;
  SqliteUse all(statements_[list_crashes]);
  int step = all.step();
  for (; step == SQLITE_ROW; step = all.step()) {
    crashes.push_back({std::string(all.text(0)), std::string(all.text(1)), std::string(all.text(2)),
                       all.number(3), static_cast<std::uint32_t>(all.number(4))});
  }
  if (step != SQLITE_DONE) return database_->failed("reading crashes");
  std::reverse(crashes.begin(), crashes.end());
  return crashes;
}

Result<void> SqliteCrashes::forget(const std::string& file) {
  SqliteUse drop(statements_[drop_file]);
  return database_->finish(drop.bind(file), "releasing a plugin");
}

Result<void> SqliteCrashes::remove_before(std::int64_t at_ms) {
  SqliteUse old(statements_[drop_old]);
  return database_->finish(old.bind(at_ms), "removing old crashes");
}

}  // namespace toolpost
