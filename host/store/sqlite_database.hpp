#pragma once
// One connection to the store's file: opened, locked down, with the right schema, and with errors that say
// what to do. Not for what the tables mean (see sqlite_store.cpp).

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "store/sqlite_statement.hpp"

namespace toolpost {

struct SqliteOptions {
  Millis busy_max{2'000};  // waiting for another host's transaction; 0 does not wait, ..60,000
  std::uint64_t file_bytes_max = 1ull
                                 << 30;  // the file does not grow past it; 64 KiB..1 TiB, counted in pages
};

class SqliteDatabase {
 public:
  /// `file` may be ":memory:". Errors: unavailable; exhausted; incompatible when a newer host made the file.
  static Result<std::unique_ptr<SqliteDatabase>> open(const std::string& file, const SqliteOptions& options);
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  sqlite3* handle() const { return handle_; }
  Result<void> run(const char* sql);
  /// Prepares each of `sql` in the statement of the same place.
  Result<void> prepare(std::span<SqliteStatement> statements, std::span<const char* const> sql);
  /// Carries out a statement that yields no rows.
  Result<void> finish(SqliteUse& use, const char* doing);
  /// What the last operation failed of, for people: names the file and the remedy.
  Error failed(const char* doing) const;

 private:
  SqliteDatabase(std::string file, const SqliteOptions& options)
      : file_(std::move(file)), options_(options) {}
  Result<void> connect();
  Result<void> use_write_ahead_log();
  Result<void> bring_schema();
  Result<std::int64_t> query(const char* sql);

  const std::string file_;
  const SqliteOptions options_;
  sqlite3* handle_ = nullptr;
};

/// Rolled back when it goes, unless committed.
class SqliteTransaction {
 public:
  explicit SqliteTransaction(SqliteDatabase& database) : database_(database) {}
  ~SqliteTransaction();
  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;

  /// Takes the write lock at once: one that began by reading could not wait for it later.
  Result<void> begin_write() { return database_.run("BEGIN IMMEDIATE"); }
  /// One consistent view for several reads.
  Result<void> begin_read() { return database_.run("BEGIN"); }
  Result<void> commit() { return database_.run("COMMIT"); }

 private:
  SqliteDatabase& database_;
};

}  // namespace toolpost
