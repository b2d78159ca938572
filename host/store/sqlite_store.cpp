#include "store/sqlite_store.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <set>

#include "json/json_text.hpp"

namespace toolpost {
namespace {

constexpr int kRemovedPerTransaction = 200;
constexpr std::int64_t kSpendingDays = 40;  // kept for people; only today's counts

bool is_thread_id(std::string_view id) {
  return !id.empty() && id.size() <= kThreadIdBytesMax && std::all_of(id.begin(), id.end(), [](char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
           (letter >= 'A' && letter <= 'Z') || letter == '-' || letter == '_';
  });
}

/// The one answer for unknown, expired and foreign ids. An id that cannot be ours is not repeated: it may
/// hold anything.
Error unknown_thread(const std::string& id) {
  return {Errc::not_found,
          "thread " + (is_thread_id(id) ? id : "(not an id of this host)") +
              " is unknown or has expired; start again without continuation_id and give the full context"};
}

Error too_much(const std::string& what, const char* setting, std::uint64_t limit, const char* advice) {
  return {Errc::exhausted, what + " passes " + setting + " = " + std::to_string(limit) + "; " + advice};
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::int64_t size_of(const std::string& text) {
  return static_cast<std::int64_t>(text.size());
}

}  // namespace

const std::array<const char*, SqliteStore::query_count> SqliteStore::kSql = {
    "SELECT owner, created_ms, expires_ms, turns, bytes FROM threads WHERE id = ?",
    "INSERT INTO threads (id, owner, created_ms, expires_ms, turns, bytes) VALUES (?, ?, ?, ?, ?, ?)",
    "UPDATE threads SET expires_ms = ?, turns = ?, bytes = ? WHERE id = ?",
    "INSERT INTO turns (thread, number, tool, body, created_ms) VALUES (?, ?, ?, ?, ?)",
    "SELECT body FROM turns WHERE thread = ? ORDER BY number",
    "SELECT tool, body FROM states WHERE thread = ? ORDER BY tool",
    "SELECT length(CAST(tool AS BLOB)) + length(CAST(body AS BLOB)) "
    "FROM states WHERE thread = ? AND tool = ?",
    "SELECT count(*) FROM turns WHERE thread = ? AND tool = ? AND number > ?",
    "INSERT INTO states (thread, tool, body) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
    "SELECT body FROM plugin_values WHERE owner = ? AND plugin = ? AND name = ?",
    "SELECT count(*) FROM plugin_values WHERE owner = ? AND plugin = ? AND name <> ?",
    "INSERT INTO plugin_values (owner, plugin, name, body, changed_ms) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT DO UPDATE SET body = excluded.body, changed_ms = excluded.changed_ms",
    "DELETE FROM plugin_values WHERE owner = ? AND plugin = ? AND name = ?",
    "DELETE FROM threads WHERE id IN "
    "(SELECT id FROM threads WHERE expires_ms <= ? ORDER BY expires_ms LIMIT ?)",
};

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::string& file, const StoreSettings& settings,
                                                       const SqliteOptions& options) {
  std::unique_ptr<SqliteStore> store(new SqliteStore(settings));
  auto database = SqliteDatabase::open(file, options);
  if (!database) return database.error();
  if (auto prepared = store->prepare(std::move(*database)); !prepared) return prepared.error();
  return store;
}

Result<void> SqliteStore::prepare(std::unique_ptr<SqliteDatabase> database) {
  const MutexLock lock(mutex_);
  database_ = std::move(database);
  if (auto prepared = database_->prepare(statements_, kSql); !prepared) return prepared;
  if (auto prepared = journals_.prepare(*database_); !prepared) return prepared;
  if (auto prepared = threads_.prepare(*database_); !prepared) return prepared;
  if (auto prepared = spending_.prepare(*database_); !prepared) return prepared;
  return crashes_.prepare(*database_);
}

Result<std::string> SqliteStore::read_thread(const std::string& owner, const std::string& id,
                                             std::int64_t now_ms) {
  const MutexLock lock(mutex_);
  if (!is_thread_id(id)) return unknown_thread(id);
  SqliteTransaction transaction(*database_);  // turns and state of one moment
  if (auto begun = transaction.begin_read(); !begun) return begun.error();
  std::string head;
  {
    SqliteUse thread(statements_[find_thread]);
    const int step = thread.bind(id).step();
    if (step != SQLITE_ROW && step != SQLITE_DONE) return database_->failed("reading a thread");
    if (step == SQLITE_DONE || thread.text(0) != owner || thread.number(2) <= now_ms)
      return unknown_thread(id);
    head = "{\"id\":" + json_string(id) + ",\"created_ms\":" + std::to_string(thread.number(1)) +
           ",\"expires_ms\":" + std::to_string(thread.number(2));
  }
  auto turns = turns_json(id);
  if (!turns) return turns.error();
  auto states = states_json(id);
  if (!states) return states.error();
  return head + ",\"turns\":[" + *turns + "],\"state\":{" + *states + "}}";
}

Result<std::string> SqliteStore::turns_json(const std::string& id) {
  SqliteUse turns(statements_[read_turns]);
  turns.bind(id);
  std::string json;
  int step;
  while ((step = turns.step()) == SQLITE_ROW) json += (json.empty() ? "" : ",") + turns.text(0);
  if (step != SQLITE_DONE) return database_->failed("reading a thread");
  return json;
}

Result<std::string> SqliteStore::states_json(const std::string& id) {
  SqliteUse states(statements_[read_states]);
  states.bind(id);
  std::string json;
  int step;
  while ((step = states.step()) == SQLITE_ROW) {
    json += (json.empty() ? "" : ",") + json_string(states.text(0)) + ":" + states.text(1);
  }
  if (step != SQLITE_DONE) return database_->failed("reading a thread");
  return json;
}

Result<std::optional<std::string>> SqliteStore::get_value(const std::string& owner, const std::string& plugin,
                                                          const std::string& key) {
  const MutexLock lock(mutex_);
  SqliteUse value(statements_[find_value]);
  const int step = value.bind(owner).bind(plugin).bind(key).step();
  if (step == SQLITE_DONE) return std::optional<std::string>{};
  if (step != SQLITE_ROW) return database_->failed("reading a value");
  return std::optional<std::string>(value.text(0));
}

Result<void> SqliteStore::commit(const StoreBatch& batch) {
  if (batch.empty()) return {};
  auto stored = store(batch);
  if (stored || stored.error().code != Errc::exhausted) return stored;
  // What is past its time makes room, if there is any; else the first answer holds.
  if (!remove_expired(batch.now_ms)) return stored;
  return store(batch);
}

Result<void> SqliteStore::store(const StoreBatch& batch) {
  const MutexLock lock(mutex_);
  SqliteTransaction transaction(*database_);
  if (auto begun = transaction.begin_write(); !begun) return begun;
  for (const ThreadAppend& one : batch.appends) {
    if (auto stored = append(batch, one); !stored) return stored;
  }
  for (const ValuePut& one : batch.puts) {
    if (auto stored = put(batch, one); !stored) return stored;
  }
  for (const JournalChange& one : batch.journal) {
    if (auto stored = journals_.apply(batch, one); !stored) return stored;
  }
  return transaction.commit();
}

Result<std::int64_t> SqliteStore::check_append(const std::string& owner, const ThreadAppend& append,
                                               std::int64_t now_ms) {
  const MutexLock lock(mutex_);
  const auto after = extended(owner, append, now_ms);
  if (!after) return after.error();
  return settings_.thread_turns_max - after->turns;
}

Result<SqliteStore::Extended> SqliteStore::extended(const std::string& owner, const ThreadAppend& append,
                                                    std::int64_t now_ms) {
  if (!is_thread_id(append.id)) return unknown_thread(append.id);
  Extended thread_after;
  auto& [exists, turns, bytes] = thread_after;
  {
    SqliteUse thread(statements_[find_thread]);
    const int step = thread.bind(append.id).step();
    if (step != SQLITE_ROW && step != SQLITE_DONE) return database_->failed("storing a turn");
    exists = step == SQLITE_ROW;
    if (!exists && append.unknown == UnknownThread::refuse) return unknown_thread(append.id);
    if (exists && (thread.text(0) != owner || thread.number(2) <= now_ms)) return unknown_thread(append.id);
    if (exists) {
      turns = thread.number(3);
      bytes = thread.number(4);
    }
  }
  if (auto alone = check_alone(append); !alone) return alone.error();
  const auto replaced = state_bytes(append);
  if (!replaced) return replaced.error();
  bytes += size_of(append.tool) + size_of(append.turn_json);
  if (!append.state_json.empty()) bytes += size_of(append.tool) + size_of(append.state_json) - *replaced;
  turns += 1;
  const char* start_new = "start a new one without continuation_id, or let the operator raise it";
  if (turns > settings_.thread_turns_max) {
    return too_much("thread " + append.id, "store.thread_turns_max", settings_.thread_turns_max, start_new);
  }
  if (static_cast<std::uint64_t>(bytes) > settings_.thread_bytes_max) {
    return too_much("thread " + append.id, "store.thread_bytes_max", settings_.thread_bytes_max, start_new);
  }
  return thread_after;
}

/// Whether nobody has changed the state that this append replaces since it was read.
Result<void> SqliteStore::check_alone(const ThreadAppend& append) {
  if (!append.after || append.state_json.empty()) return {};
  SqliteUse since(statements_[count_since]);
  if (since.bind(append.id).bind(append.tool).bind(*append.after).step() != SQLITE_ROW)
    return database_->failed("storing a state");
  if (since.number(0) == 0) return {};
  return Error{Errc::conflict, "another call of " + append.tool + " has gone on with thread " + append.id +
                                   " meanwhile; send this one again, and runs that go side by side without "
                                   "a common continuation_id"};
}

Result<void> SqliteStore::append(const StoreBatch& batch, const ThreadAppend& append) {
  const auto after = extended(batch.owner, append, batch.now_ms);
  if (!after) return after.error();
  const auto& [exists, turns, bytes] = *after;
  const std::int64_t expires = batch.now_ms + settings_.thread_ttl.count();
  SqliteUse thread(statements_[exists ? extend_thread : insert_thread]);
  if (exists) {
    thread.bind(expires).bind(turns).bind(bytes).bind(append.id);
  } else {
    thread.bind(append.id).bind(batch.owner).bind(batch.now_ms).bind(expires).bind(turns).bind(bytes);
  }
  if (auto done = database_->finish(thread, "storing a thread"); !done) return done;
  SqliteUse turn(statements_[insert_turn]);
  turn.bind(append.id).bind(turns).bind(append.tool).bind(append.turn_json).bind(batch.now_ms);
  if (auto done = database_->finish(turn, "storing a turn"); !done) return done;
  return append.state_json.empty() ? Result<void>{} : store_state(append);
}

/// What the state that this append replaces counts for; 0 when there is none.
Result<std::int64_t> SqliteStore::state_bytes(const ThreadAppend& append) {
  SqliteUse state(statements_[find_state]);
  const int step = state.bind(append.id).bind(append.tool).step();
  if (step != SQLITE_ROW && step != SQLITE_DONE) return database_->failed("storing a state");
  return step == SQLITE_ROW ? state.number(0) : 0;
}

Result<void> SqliteStore::store_state(const ThreadAppend& append) {
  SqliteUse state(statements_[put_state]);
  state.bind(append.id).bind(append.tool).bind(append.state_json);
  return database_->finish(state, "storing a state");
}

Result<void> SqliteStore::put(const StoreBatch& batch, const ValuePut& put) {
  if (put.key.empty() || put.key.size() > kValueKeyBytesMax) {
    return Error{Errc::invalid_input,
                 "the key of a stored value has 1 to " + std::to_string(kValueKeyBytesMax) + " bytes"};
  }
  if (put.value_json.empty()) {
    SqliteUse gone(statements_[drop_value]);
    gone.bind(batch.owner).bind(put.plugin).bind(put.key);
    return database_->finish(gone, "removing a value");
  }
  if (put.value_json.size() > settings_.value_bytes_max) {
    return too_much("a value of plugin " + put.plugin, "store.value_bytes_max", settings_.value_bytes_max,
                    "store less, or let the operator raise it");
  }
  {
    SqliteUse others(statements_[count_values]);
    if (others.bind(batch.owner).bind(put.plugin).bind(put.key).step() != SQLITE_ROW)
      return database_->failed("storing a value");
    if (others.number(0) >= kValuesMax) {
      return too_much("a value of plugin " + put.plugin,
                      "the number of values a plugin may keep for one owner",
                      static_cast<std::uint64_t>(kValuesMax), "remove or reuse keys");
    }
  }
  SqliteUse value(statements_[put_value]);
  value.bind(batch.owner).bind(put.plugin).bind(put.key).bind(put.value_json).bind(batch.now_ms);
  return database_->finish(value, "storing a value");
}

Result<void> SqliteStore::remove_expired(std::int64_t now_ms) {
  for (;;) {
    const MutexLock lock(mutex_);
    SqliteUse expired(statements_[drop_expired]);
    if (auto done = database_->finish(expired.bind(now_ms).bind(std::int64_t{kRemovedPerTransaction}),
                                      "removing old threads");
        !done)
      return done;
    if (sqlite3_changes(database_->handle()) < kRemovedPerTransaction) break;
  }
  const MutexLock lock(mutex_);
  if (auto done = spending_.remove_before(now_ms / kMsPerDay - kSpendingDays); !done) return done;
  if (auto done = crashes_.remove_before(now_ms - kMsPerDay); !done) return done;
  return journals_.remove_unchanged_since(now_ms - settings_.journal_ttl.count());
}

Result<MoneyAnswer> SqliteStore::reserve_money(const MoneyOrder& order) {
  const MutexLock lock(mutex_);
  return spending_.reserve(order);
}

Result<void> SqliteStore::settle_money(const std::string& provider, std::int64_t day, std::int64_t change) {
  const MutexLock lock(mutex_);
  return spending_.settle(provider, day, change);
}

Result<void> SqliteStore::note_crash(const CrashRecord& crash) {
  const MutexLock lock(mutex_);
  return crashes_.note(crash);
}

Result<std::vector<CrashRecord>> SqliteStore::crashes() {
  const MutexLock lock(mutex_);
  return crashes_.list();
}

Result<void> SqliteStore::release_file(const std::string& file) {
  const MutexLock lock(mutex_);
  return crashes_.forget(file);
}

Result<ThreadList> SqliteStore::threads(const std::string& owner, std::int64_t now_ms, std::int64_t limit) {
  const MutexLock lock(mutex_);
  SqliteTransaction transaction(*database_);  // counts and heads of one moment
  if (auto begun = transaction.begin_read(); !begun) return begun.error();
  return threads_.list(owner, now_ms, limit);
}

Result<StoredThread> SqliteStore::load_thread(const std::string& owner, const std::string& id,
                                              std::int64_t now_ms) {
  const MutexLock lock(mutex_);
  if (!is_thread_id(id)) return unknown_thread(id);
  SqliteTransaction transaction(*database_);
  if (auto begun = transaction.begin_read(); !begun) return begun.error();
  auto thread = threads_.load(owner, id, now_ms);
  if (thread && thread->turns.empty()) return unknown_thread(id);
  return thread;
}

Result<std::int64_t> SqliteStore::remove_threads(const std::string& owner, const ThreadRemoval& removal,
                                                 std::int64_t now_ms) {
  const MutexLock lock(mutex_);
  SqliteTransaction transaction(*database_);
  if (auto begun = transaction.begin_write(); !begun) return begun.error();
  auto dropped = drop_threads(owner, removal, now_ms);
  if (!dropped) return dropped;
  if (auto done = transaction.commit(); !done) return done.error();
  return dropped;
}

Result<std::int64_t> SqliteStore::drop_threads(const std::string& owner, const ThreadRemoval& removal,
                                               std::int64_t now_ms) {
  if (removal.which == ThreadRemoval::Which::expired) return threads_.drop_expired(owner, now_ms);
  if (removal.which == ThreadRemoval::Which::all) return threads_.drop_all(owner);
  std::int64_t dropped = 0;
  for (const std::string& id : std::set<std::string>(removal.ids.begin(), removal.ids.end())) {
    if (!is_thread_id(id)) return unknown_thread(id);
    auto one = threads_.drop(owner, id, now_ms);
    if (!one) return one;
    if (*one == 0) return unknown_thread(id);
    dropped += *one;
  }
  return dropped;
}

Result<std::vector<JournalHead>> SqliteStore::journals(const std::string& owner) {
  const MutexLock lock(mutex_);
  return journals_.heads(owner);
}

Result<std::vector<StoredJournal>> SqliteStore::load_journal(const std::string& owner,
                                                             const std::string& id) {
  const MutexLock lock(mutex_);
  SqliteTransaction transaction(*database_);  // all journals of one moment
  if (auto begun = transaction.begin_read(); !begun) return begun.error();
  return journals_.load(owner, id);
}

Result<bool> SqliteStore::claim_journal(const std::string& id, const std::string& from,
                                        const std::string& to) {
  const MutexLock lock(mutex_);
  return journals_.claim(id, from, to);
}

}  // namespace toolpost
