#include "store/sqlite_journals.hpp"

#include <sqlite3.h>

#include "base/overload.hpp"

namespace toolpost {
namespace {

constexpr std::int64_t kHeadsMax = 1000;  // of one owner, the newest; more are there for the next time
constexpr const char* kDoing = "keeping a call's journal";

JournalHead read_head(const SqliteUse& row) {
  JournalHead head;
  head.id = row.text(0);
  head.wanted = row.text(1);
  head.lease = row.text(2);
  head.durable = row.number(3) != 0;
  head.ended = row.number(4) != 0;
  head.created_ms = row.number(5);
  head.changed_ms = row.number(6);
  head.bytes = row.number(7);
  return head;
}

}  // namespace

const std::array<const char*, SqliteJournals::query_count> SqliteJournals::kSql = {
    "INSERT INTO journals (id, root, owner, wanted, lease, durable, header, outcome, created_ms, changed_ms) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, '', ?, ?)",
    "DELETE FROM journals WHERE root = ? AND id <> root",
    "DELETE FROM journals WHERE id = ? OR root = ?",
    "INSERT INTO journal_entries (journal, number, body) VALUES (?, ?, ?) "
    "ON CONFLICT DO UPDATE SET body = excluded.body",
    "UPDATE journals SET outcome = ?, changed_ms = ? WHERE id = ? AND outcome = ''",
    "UPDATE journals SET changed_ms = ? WHERE id = (SELECT root FROM journals WHERE id = ?)",
    "SELECT id, wanted, lease, durable, outcome <> '', created_ms, changed_ms, "
    "(SELECT coalesce(sum(length(CAST(body AS BLOB))), 0) FROM journal_entries WHERE journal IN "
    "(SELECT id FROM journals AS served WHERE served.root = journals.id)) "
    "FROM journals WHERE owner = ? AND id = root ORDER BY created_ms DESC LIMIT ?",
    "SELECT id, header, outcome FROM journals WHERE root = ? AND owner = ? ORDER BY id",
    "SELECT body FROM journal_entries WHERE journal = ? ORDER BY number",
    "UPDATE journals SET lease = ? WHERE root = ? AND lease = ?",
    "UPDATE journals SET lease = ?, changed_ms = ? WHERE root = ?",
    "UPDATE journals SET durable = 0 WHERE id = ?",
    "DELETE FROM journals WHERE root IN (SELECT id FROM journals WHERE id = root AND changed_ms < ? LIMIT "
    "200)",
};

Result<void> SqliteJournals::prepare(SqliteDatabase& database) {
  database_ = &database;
  return database.prepare(statements_, kSql);
}

Result<void> SqliteJournals::apply(const StoreBatch& batch, const JournalChange& change) {
  return std::visit(
      Overload{[&](const JournalBegin& one) { return begin(batch, one); },
               [&](const JournalPut& one) -> Result<void> {
                 SqliteUse put(statements_[put_entry]);
                 put.bind(one.id).bind(std::int64_t{one.index}).bind(one.entry);
                 if (auto done = database_->finish(put, kDoing); !done) return done;
                 SqliteUse touch(statements_[touch_journal]);
                 return database_->finish(touch.bind(batch.now_ms).bind(one.id), kDoing);
               },
               [&](const JournalPark& one) -> Result<void> {
                 SqliteUse park(statements_[park_journal]);
                 return database_->finish(park.bind(kParkedLease).bind(batch.now_ms).bind(one.id), kDoing);
               },
               [&](const JournalHeard& one) -> Result<void> {
                 SqliteUse hear(statements_[hear_journal]);
                 return database_->finish(hear.bind(one.id), kDoing);
               },
               [&](const JournalEnd& one) -> Result<void> {
                 SqliteUse served(statements_[drop_served]);
                 if (auto done = database_->finish(served.bind(one.id), kDoing); !done) return done;
                 SqliteUse end(statements_[end_journal]);
                 return database_->finish(end.bind(one.outcome).bind(batch.now_ms).bind(one.id), kDoing);
               },
               [&](const JournalDrop& one) { return drop(one.id); }},
      change);
}

Result<void> SqliteJournals::begin(const StoreBatch& batch, const JournalBegin& begin) {
  if (auto dropped = drop(begin.id); !dropped) return dropped;
  SqliteUse journal(statements_[insert_journal]);
  journal.bind(begin.id).bind(begin.root).bind(begin.owner).bind(begin.wanted).bind(batch.lease);
  journal.bind(std::int64_t{begin.durable}).bind(begin.header).bind(batch.now_ms).bind(batch.now_ms);
  return database_->finish(journal, kDoing);
}

Result<void> SqliteJournals::drop(const std::string& id) {
  SqliteUse gone(statements_[drop_journal]);
  return database_->finish(gone.bind(id).bind(id), kDoing);
}

Result<std::vector<JournalHead>> SqliteJournals::heads(const std::string& owner) {
  std::vector<JournalHead> heads;
  SqliteUse rows(statements_[read_heads]);
  rows.bind(owner).bind(kHeadsMax);
  int step;
  while ((step = rows.step()) == SQLITE_ROW) heads.push_back(read_head(rows));
  if (step != SQLITE_DONE) return database_->failed("reading the journals");
  return heads;
}

Result<std::vector<StoredJournal>> SqliteJournals::load(const std::string& owner, const std::string& root) {
  std::vector<StoredJournal> journals;
  {
    SqliteUse rows(statements_[read_journals]);
    rows.bind(root).bind(owner);
    int step;
    while ((step = rows.step()) == SQLITE_ROW) journals.push_back({rows.text(0), rows.text(1), rows.text(2)});
    if (step != SQLITE_DONE) return database_->failed("reading a journal");
  }
  for (StoredJournal& journal : journals) {
    SqliteUse rows(statements_[read_entries]);
    rows.bind(journal.id);
    int step;
    while ((step = rows.step()) == SQLITE_ROW) journal.text += rows.text(0);
    if (step != SQLITE_DONE) return database_->failed("reading a journal");
    journal.text += journal.outcome;
  }
  return journals;
}

Result<bool> SqliteJournals::claim(const std::string& root, const std::string& from, const std::string& to) {
  SqliteUse claimed(statements_[claim_journal]);
  if (auto done = database_->finish(claimed.bind(to).bind(root).bind(from), kDoing); !done)
    return done.error();
  return sqlite3_changes(database_->handle()) > 0;
}

Result<void> SqliteJournals::remove_unchanged_since(std::int64_t ms) {
  SqliteUse old(statements_[drop_old]);
  return database_->finish(old.bind(ms), kDoing);
}

}  // namespace toolpost
