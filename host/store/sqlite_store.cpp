#include "store/sqlite_store.hpp"

#include <sqlite3.h>
#include <sys/stat.h>

namespace toolpost {
namespace {

constexpr int kSchemaVersion = 1;
constexpr const char* kSchema = R"sql(
  CREATE TABLE IF NOT EXISTS threads (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
    turns INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS turns (
    thread TEXT NOT NULL REFERENCES threads(id) ON DELETE CASCADE, number INTEGER NOT NULL, tool TEXT NOT NULL,
    body TEXT NOT NULL, created_ms INTEGER NOT NULL, PRIMARY KEY (thread, number)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS states (
    thread TEXT NOT NULL REFERENCES threads(id) ON DELETE CASCADE, tool TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (thread, tool)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS plugin_values (
    owner TEXT NOT NULL, plugin TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, changed_ms INTEGER NOT NULL,
    PRIMARY KEY (owner, plugin, name)) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS threads_by_expiry ON threads (expires_ms);
)sql";

void append_quoted(std::string& out, std::string_view plain_text) {
  out += '"';
  out += plain_text;  // tool names: no character that JSON escapes
  out += '"';
}

}  // namespace

/// One prepared statement with its values; finalized when it goes.
class SqliteStore::Statement {
 public:
  Statement(sqlite3* database, const char* sql) { sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr); }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(const std::string& text) {
    sqlite3_bind_text(statement_, ++bound_, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
    return *this;
  }
  Statement& bind(std::int64_t number) {
    sqlite3_bind_int64(statement_, ++bound_, number);
    return *this;
  }
  /// SQLITE_ROW, SQLITE_DONE or an error.
  int step() { return statement_ == nullptr ? SQLITE_ERROR : sqlite3_step(statement_); }
  std::string text(int column) const {
    const auto* bytes = sqlite3_column_text(statement_, column);
    return bytes == nullptr ? "" : std::string(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
  }
  std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }

 private:
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

Error SqliteStore::failed(const char* doing) const {
  const int code = sqlite3_errcode(database_);
  const char* advice = code == SQLITE_FULL       ? "; the disk is full: make room"
                       : code == SQLITE_READONLY ? "; the file cannot be written: check its owner and mode"
                       : code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? "; the file is damaged: move it away and restart"
                                                                         : "";
  return {Errc::unavailable, std::string(doing) + " in " + file_ + ": " + sqlite3_errmsg(database_) + advice};
}

Result<void> SqliteStore::run(const char* sql) {
  return sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK ? Result<void>{} : failed("storing");
}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::string& file, const StoreSettings& settings) {
  auto store = std::unique_ptr<SqliteStore>(new SqliteStore(settings));
  store->file_ = file;
  const mode_t before = umask(0077);  // the file holds conversations: nobody else's business
  const int opened = sqlite3_open_v2(file.c_str(), &store->database_,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr);
  umask(before);
  if (opened != SQLITE_OK) return store->failed("opening the store");
  sqlite3_busy_timeout(store->database_, 2000);
  // WAL with NORMAL: a committed turn survives kill -9 of the process; only a power cut can take the last ones.
  for (const char* sql : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", "PRAGMA foreign_keys=ON"}) {
    if (auto done = store->run(sql); !done) return done.error();
  }
  Statement version(store->database_, "PRAGMA user_version");
  if (version.step() != SQLITE_ROW) return store->failed("reading the store's version");
  if (version.number(0) > kSchemaVersion) {
    return Error{Errc::incompatible, "the store " + file + " was made by a newer Toolpost (schema " +
                                         std::to_string(version.number(0)) + ", this one knows " +
                                         std::to_string(kSchemaVersion) + "); use that version, or another store.state_dir"};
  }
  if (auto made = store->run(kSchema); !made) return made.error();
  if (auto noted = store->run("PRAGMA user_version=1"); !noted) return noted.error();
  return store;
}

SqliteStore::~SqliteStore() { sqlite3_close(database_); }

Result<std::string> SqliteStore::read_thread(const std::string& owner, const std::string& id, std::int64_t now_ms) {
  Statement thread(database_, "SELECT 1 FROM threads WHERE id=? AND owner=? AND expires_ms>?");
  const int found = thread.bind(id).bind(owner).bind(now_ms).step();
  if (found == SQLITE_DONE) {
    return Error{Errc::not_found, "thread " + id.substr(0, 64) +
                                      " is unknown or has expired; start again without continuation_id and give the full context"};
  }
  if (found != SQLITE_ROW) return failed("reading a thread");
  std::string json = R"({"id":")" + id + R"(","turns":[)";
  Statement turns(database_, "SELECT body FROM turns WHERE thread=? ORDER BY number");
  turns.bind(id);
  int step;
  while ((step = turns.step()) == SQLITE_ROW) {
    if (json.back() != '[') json += ',';
    json += turns.text(0);
  }
  if (step != SQLITE_DONE) return failed("reading a thread");
  json += R"(],"state":{)";
  Statement states(database_, "SELECT tool, body FROM states WHERE thread=?");
  states.bind(id);
  while ((step = states.step()) == SQLITE_ROW) {
    if (json.back() != '{') json += ',';
    append_quoted(json, states.text(0));
    json += ':' + states.text(1);
  }
  if (step != SQLITE_DONE) return failed("reading a thread");
  return json + "}}";
}

Result<std::optional<std::string>> SqliteStore::get_value(const std::string& owner, const std::string& plugin,
                                                          const std::string& key) {
  Statement value(database_, "SELECT body FROM plugin_values WHERE owner=? AND plugin=? AND name=?");
  const int step = value.bind(owner).bind(plugin).bind(key).step();
  if (step == SQLITE_DONE) return std::optional<std::string>{};
  if (step != SQLITE_ROW) return failed("reading a value");
  return std::optional<std::string>(value.text(0));
}

Result<void> SqliteStore::append(const StoreBatch& batch, const ThreadAppend& append) {
  const auto size = static_cast<std::int64_t>(append.turn_json.size() + append.state_json.size());
  Statement thread(database_,
                   "INSERT INTO threads (id, owner, created_ms, expires_ms, turns, bytes) VALUES (?1,?2,?3,?4,1,?5) "
                   "ON CONFLICT (id) DO UPDATE SET turns=turns+1, bytes=bytes+?5, expires_ms=?4 WHERE owner=?2 "
                   "RETURNING turns, bytes");
  const int step = thread.bind(append.id).bind(batch.owner).bind(batch.now_ms)
                       .bind(batch.now_ms + settings_.thread_ttl.count()).bind(size).step();
  if (step == SQLITE_DONE) return Error{Errc::not_found, "thread " + append.id.substr(0, 64) + " is unknown"};
  if (step != SQLITE_ROW) return failed("storing a turn");
  const std::int64_t number = thread.number(0);
  if (number > settings_.thread_turns_max) {
    return Error{Errc::exhausted, "the thread passed store.thread_turns_max = " + std::to_string(settings_.thread_turns_max) +
                                      "; start a new one"};
  }
  if (thread.number(1) > static_cast<std::int64_t>(settings_.thread_bytes_max)) {
    return Error{Errc::exhausted, "the thread passed store.thread_bytes_max = " + std::to_string(settings_.thread_bytes_max) +
                                      "; start a new one"};
  }
  thread.step();
  // Numbered inside the transaction, so that two hosts that extend one thread lose neither turn.
  Statement turn(database_, "INSERT INTO turns (thread, number, tool, body, created_ms) VALUES (?,?,?,?,?)");
  if (turn.bind(append.id).bind(number).bind(append.tool).bind(append.turn_json).bind(batch.now_ms).step() != SQLITE_DONE) {
    return failed("storing a turn");
  }
  if (append.state_json.empty()) return {};
  Statement state(database_, "INSERT INTO states (thread, tool, body) VALUES (?,?,?) ON CONFLICT DO UPDATE SET body=excluded.body");
  return state.bind(append.id).bind(append.tool).bind(append.state_json).step() == SQLITE_DONE ? Result<void>{} : failed("storing a state");
}

Result<void> SqliteStore::put(const StoreBatch& batch, const ValuePut& put) {
  if (put.value_json.size() > settings_.value_bytes_max) {
    return Error{Errc::exhausted, "a stored value passed store.value_bytes_max = " + std::to_string(settings_.value_bytes_max)};
  }
  Statement value(database_,
                  "INSERT INTO plugin_values (owner, plugin, name, body, changed_ms) VALUES (?,?,?,?,?) "
                  "ON CONFLICT DO UPDATE SET body=excluded.body, changed_ms=excluded.changed_ms");
  return value.bind(batch.owner).bind(put.plugin).bind(put.key).bind(put.value_json).bind(batch.now_ms).step() == SQLITE_DONE
             ? Result<void>{} : failed("storing a value");
}

Result<void> SqliteStore::commit(const StoreBatch& batch) {
  if (auto begun = run("BEGIN IMMEDIATE"); !begun) return begun;
  Result<void> stored;
  for (const ThreadAppend& one : batch.appends) {
    if (stored) stored = append(batch, one);
  }
  for (const ValuePut& one : batch.puts) {
    if (stored) stored = put(batch, one);
  }
  if (stored) stored = run("COMMIT");
  if (!stored) sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
  return stored;
}

Result<void> SqliteStore::remove_expired(std::int64_t now_ms) {
  Statement expired(database_, "DELETE FROM threads WHERE expires_ms<=?");
  return expired.bind(now_ms).step() == SQLITE_DONE ? Result<void>{} : failed("removing old threads");
}

}  // namespace toolpost
