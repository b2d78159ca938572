#include "store/sqlite_threads.hpp"

#include <sqlite3.h>

namespace toolpost {
namespace {

constexpr std::int64_t kModelsMax = 16;  // of one thread; more would only make a line long
constexpr const char* kReading = "reading threads";

ThreadHead head_of(const SqliteUse& row) {
  ThreadHead head;
  head.id = row.text(0);
  head.created_ms = row.number(1);
  head.expires_ms = row.number(2);
  head.turns = row.number(3);
  head.bytes = row.number(4);
  head.used_ms = row.number(5);
  head.last_tool = row.text(6);
  return head;
}

}  // namespace

const std::array<const char*, SqliteThreads::query_count> SqliteThreads::kSql = {
    "SELECT count(*), count(CASE WHEN expires_ms <= ? THEN 1 END) FROM threads WHERE owner = ?",
    "SELECT threads.id, threads.created_ms, expires_ms, threads.turns, bytes, "
    "last.created_ms, last.tool FROM threads JOIN turns AS last "
    "ON last.thread = threads.id AND last.number = threads.turns "
    "WHERE owner = ? AND expires_ms > ? ORDER BY last.created_ms DESC, threads.id LIMIT ?",
    "SELECT threads.id, threads.created_ms, expires_ms, threads.turns, bytes, "
    "last.created_ms, last.tool FROM threads JOIN turns AS last "
    "ON last.thread = threads.id AND last.number = threads.turns "
    "WHERE owner = ? AND expires_ms > ? AND threads.id = ?",
    // A turn is whatever its tool stored, so also no object and a model that is no text.
    "SELECT model FROM (SELECT number, CASE WHEN json_valid(body) AND json_type(body, '$.model') = 'text' "
    "THEN json_extract(body, '$.model') END AS model FROM turns WHERE thread = ?) "
    "WHERE model <> '' GROUP BY model ORDER BY min(number) LIMIT ?",
    "SELECT number, tool, body, created_ms FROM turns WHERE thread = ? ORDER BY number",
    "SELECT tool, body FROM states WHERE thread = ? ORDER BY tool",
    "DELETE FROM threads WHERE owner = ? AND expires_ms > ? AND id = ?",
    "DELETE FROM threads WHERE owner = ? AND expires_ms <= ?",
    "DELETE FROM threads WHERE owner = ?",
};

Result<void> SqliteThreads::prepare(SqliteDatabase& database) {
  database_ = &database;
  return database.prepare(statements_, kSql);
}

Result<ThreadList> SqliteThreads::list(const std::string& owner, std::int64_t now_ms, std::int64_t limit) {
  ThreadList list;
  {
    SqliteUse count(statements_[count_threads]);
    if (count.bind(now_ms).bind(owner).step() != SQLITE_ROW) return database_->failed(kReading);
    list.expired = count.number(1);
    list.alive = count.number(0) - list.expired;
  }
  {
    SqliteUse rows(statements_[read_heads]);
    rows.bind(owner).bind(now_ms).bind(limit);
    int step;
    while ((step = rows.step()) == SQLITE_ROW) list.heads.push_back(head_of(rows));
    if (step != SQLITE_DONE) return database_->failed(kReading);
  }
  for (ThreadHead& head : list.heads) {
    if (auto added = add_models(head); !added) return added.error();
  }
  return list;
}

Result<void> SqliteThreads::add_models(ThreadHead& head) {
  SqliteUse rows(statements_[read_models]);
  rows.bind(head.id).bind(kModelsMax);
  int step;
  while ((step = rows.step()) == SQLITE_ROW) head.models.push_back(rows.text(0));
  return step == SQLITE_DONE ? Result<void>{} : database_->failed(kReading);
}

Result<StoredThread> SqliteThreads::load(const std::string& owner, const std::string& id,
                                         std::int64_t now_ms) {
  StoredThread thread;
  {
    SqliteUse row(statements_[read_head]);
    const int step = row.bind(owner).bind(now_ms).bind(id).step();
    if (step == SQLITE_DONE) return thread;
    if (step != SQLITE_ROW) return database_->failed(kReading);
    thread.head = head_of(row);
  }
  if (auto added = add_models(thread.head); !added) return added.error();
  {
    SqliteUse rows(statements_[read_turns]);
    rows.bind(id);
    int step;
    while ((step = rows.step()) == SQLITE_ROW)
      thread.turns.push_back({rows.number(0), rows.text(1), rows.text(2), rows.number(3)});
    if (step != SQLITE_DONE) return database_->failed(kReading);
  }
  SqliteUse rows(statements_[read_states]);
  rows.bind(id);
  int step;
  while ((step = rows.step()) == SQLITE_ROW) thread.states.push_back({rows.text(0), rows.text(1)});
  if (step != SQLITE_DONE) return database_->failed(kReading);
  return thread;
}

Result<std::int64_t> SqliteThreads::dropped(SqliteUse& use) {
  if (use.step() != SQLITE_DONE) return database_->failed("removing threads");
  return std::int64_t{sqlite3_changes(database_->handle())};
}

Result<std::int64_t> SqliteThreads::drop(const std::string& owner, const std::string& id,
                                         std::int64_t now_ms) {
  SqliteUse use(statements_[drop_one]);
  return dropped(use.bind(owner).bind(now_ms).bind(id));
}

Result<std::int64_t> SqliteThreads::drop_expired(const std::string& owner, std::int64_t now_ms) {
  SqliteUse use(statements_[drop_old]);
  return dropped(use.bind(owner).bind(now_ms));
}

Result<std::int64_t> SqliteThreads::drop_all(const std::string& owner) {
  SqliteUse use(statements_[drop_each]);
  return dropped(use.bind(owner));
}

}  // namespace toolpost
