#include "store/sqlite_database.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <limits>

#include "store/sqlite_statement.hpp"
#include "store/store_file.hpp"
#include "store/store_schema.hpp"

namespace toolpost {
namespace {

constexpr std::uint64_t kPageBytes = 4096;
constexpr std::chrono::milliseconds kBusyAdvice{500};

bool in_memory(const std::string& file) {
  return file == ":memory:";
}

// WAL with synchronous=NORMAL. A commit has been handed to the kernel when it returns, so it survives kill -9
// of the process, which is what threads promise. Only a power cut may take the last commits (never the file's
// consistency); FULL would close that gap for one fsync per commit, milliseconds on a disk, in every call
// that stores.
constexpr const char* kSettings = R"sql(
  PRAGMA synchronous = NORMAL;
  PRAGMA foreign_keys = ON;
  PRAGMA trusted_schema = OFF;
  PRAGMA temp_store = MEMORY;
  PRAGMA journal_size_limit = 16777216;
)sql";

}  // namespace

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(const std::string& file,
                                                             const SqliteOptions& options) {
  if (!in_memory(file)) {
    if (auto prepared = prepare_store_file(file); !prepared) return prepared.error();
  }
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(file, options));
  if (auto connected = database->connect(); !connected) return connected.error();
  if (auto logged = database->use_write_ahead_log(); !logged) return logged.error();
  if (auto set = database->run(kSettings); !set) return set.error();
  if (auto brought = database->bring_schema(); !brought) return brought.error();
  return database;
}

SqliteDatabase::~SqliteDatabase() {
  sqlite3_close_v2(handle_);
}

Result<void> SqliteDatabase::connect() {
  // The store's own mutex guards the connection, hence NOMUTEX.
  if (sqlite3_open_v2(file_.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr) !=
      SQLITE_OK) {
    return failed("opening it");
  }
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_busy_timeout(handle_, static_cast<int>(options_.busy_max.count()));
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  // SQLite falls back to reading when it may not write; here that would only fail later.
  if (sqlite3_db_readonly(handle_, "main") == 1) {
    return Error{Errc::unavailable, "the store " + file_ + " cannot be written; run: chmod 600 " + file_ +
                                        ", or name another folder with --state-dir or store.state_dir"};
  }
  return {};
}

Result<void> SqliteDatabase::use_write_ahead_log() {
  constexpr int kPauseMs = 10;
  std::string mode;
  // Two hosts that start at once both want the exclusive lock of the switch; SQLite does not wait for that
  // one itself.
  for (auto waited = Millis{0};; waited += Millis{kPauseMs}) {
    SqliteStatement statement;
    int code = SQLITE_ERROR;
    if (statement.prepare(handle_, "PRAGMA journal_mode = WAL")) {
      SqliteUse use(statement);
      code = use.step();
      if (code == SQLITE_ROW) mode = use.text(0);
    } else {
      code = sqlite3_errcode(handle_);
    }
    if (code == SQLITE_ROW) break;
    if ((code & 0xff) != SQLITE_BUSY || waited >= options_.busy_max) return failed("preparing it");
    sqlite3_sleep(kPauseMs);
  }
  if (mode == "wal" || in_memory(file_)) return {};
  return Error{Errc::unavailable, "the store " + file_ +
                                      " lies on a file system without shared memory (a network disk?); "
                                      "set store.state_dir to a local one"};
}

Result<std::int64_t> SqliteDatabase::query(const char* sql) {
  SqliteStatement statement;
  if (!statement.prepare(handle_, sql)) return failed("reading its version");
  SqliteUse use(statement);
  if (use.step() != SQLITE_ROW) return failed("reading its version");
  return use.number(0);
}

Result<void> SqliteDatabase::bring_schema() {
  const std::uint64_t pages = std::clamp<std::uint64_t>(options_.file_bytes_max / kPageBytes, 16,
                                                        std::numeric_limits<std::int32_t>::max());
  if (auto set = run(("PRAGMA max_page_count = " + std::to_string(pages)).c_str()); !set) return set;
  auto version = query("PRAGMA user_version");
  if (!version) return version.error();
  if (*version == kStoreSchemaVersion) return {};  // the common case waits for no other host's write lock
  SqliteTransaction transaction(*this);
  if (auto begun = transaction.begin_write(); !begun) return begun;
  version = query("PRAGMA user_version");  // another host may have made the tables meanwhile
  if (!version) return version.error();
  if (*version == kStoreSchemaVersion) return {};
  if (*version < 0 || *version > kStoreSchemaVersion) {
    return Error{
        Errc::incompatible,
        "the store " + file_ + " has schema " + std::to_string(*version) +
            ", and this host understands only " + std::to_string(kStoreSchemaVersion) +
            "; use the newer host that made it, or name another folder with --state-dir or store.state_dir"};
  }
  auto tables = query("SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables.error();
  if (*version == 0 && *tables != 0) {
    return Error{Errc::unavailable, "the store " + file_ +
                                        " is some other program's database; move it away, or set another "
                                        "store.state_dir"};
  }
  for (auto step = *version; step < kStoreSchemaVersion; ++step) {
    if (auto made = run(kStoreSchemaSteps[step]); !made) return made;
  }
  if (auto noted = run(("PRAGMA user_version = " + std::to_string(kStoreSchemaVersion)).c_str()); !noted)
    return noted;
  return transaction.commit();
}

Result<void> SqliteDatabase::run(const char* sql) {
  return sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) == SQLITE_OK ? Result<void>{}
                                                                            : failed("using it");
}

Result<void> SqliteDatabase::prepare(std::span<SqliteStatement> statements,
                                     std::span<const char* const> sql) {
  for (std::size_t i = 0; i < sql.size(); ++i)
    if (!statements[i].prepare(handle_, sql[i])) return failed("preparing it");
  return {};
}

Result<void> SqliteDatabase::finish(SqliteUse& use, const char* doing) {
  return use.step() == SQLITE_DONE ? Result<void>{} : failed(doing);
}

Error SqliteDatabase::failed(const char* doing) const {
  const int code = handle_ == nullptr ? SQLITE_NOMEM : sqlite3_errcode(handle_) & 0xff;
  Error error{Errc::unavailable, "the store " + file_ + ": " + doing + " failed: " +
                                     (handle_ == nullptr ? "out of memory" : sqlite3_errmsg(handle_))};
  switch (code) {
    case SQLITE_FULL:
      error.code = Errc::exhausted;
      error.message += "; the disk is full, or the file has reached store.file_bytes_max = " +
                       std::to_string(options_.file_bytes_max) +
                       ": free space, raise it, or move the file away";
      break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      error.retry_after = kBusyAdvice;
      error.message += "; another process held it for more than " +
                       std::to_string(options_.busy_max.count()) +
                       " ms: try again, or end a program that has it open";
      break;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
      error.message +=
          "; let the host's user write the file and its folder, or name another folder with --state-dir or "
          "store.state_dir";
      break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      error.message +=
          "; the file is damaged: move it away (its threads are lost to the host; the sqlite3 program's "
          ".recover may save them) and start again";
      break;
    case SQLITE_IOERR:
      error.message += "; the disk failed or is full: look at it, then start again";
      break;
    default:
      break;
  }
  return error;
}

SqliteTransaction::~SqliteTransaction() {
  // Out of autocommit means still open: neither committed nor rolled back by SQLite itself after a grave
  // error.
  if (sqlite3_get_autocommit(database_.handle()) == 0) {
    sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

}  // namespace toolpost
