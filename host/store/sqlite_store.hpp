#pragma once
// Store on SQLite. Several hosts may share one file; a commit survives kill -9 of its process (see
// sqlite_database.cpp). Journals' tables are sqlite_journals.hpp's.

#include <array>
#include <memory>

#include "base/guarded_mutex.hpp"
#include "config/settings.hpp"
#include "store/sqlite_crashes.hpp"
#include "store/sqlite_database.hpp"
#include "store/sqlite_journals.hpp"
#include "store/sqlite_spending.hpp"
#include "store/sqlite_statement.hpp"
#include "store/sqlite_threads.hpp"
#include "store/store.hpp"

namespace toolpost {

class SqliteStore final : public Store {
 public:
  /// `file` may be ":memory:". Makes its folder (0700) and the file (0600).
  /// Errors: unavailable, exhausted; incompatible when a newer host made the file. All name the file and the
  /// remedy.
  static Result<std::unique_ptr<SqliteStore>> open(const std::string& file, const StoreSettings& settings,
                                                   const SqliteOptions& options = {});

  Result<std::string> read_thread(const std::string& owner, const std::string& id,
                                  std::int64_t now_ms) override;
  Result<std::optional<std::string>> get_value(const std::string& owner, const std::string& plugin,
                                               const std::string& key) override;
  Result<void> commit(const StoreBatch& batch) override;
  Result<std::int64_t> check_append(const std::string& owner, const ThreadAppend& append,
                                    std::int64_t now_ms) override;
  Result<std::vector<JournalHead>> journals(const std::string& owner) override;
  Result<std::vector<StoredJournal>> load_journal(const std::string& owner, const std::string& id) override;
  Result<bool> claim_journal(const std::string& id, const std::string& from, const std::string& to) override;
  Result<ThreadList> threads(const std::string& owner, std::int64_t now_ms, std::int64_t limit) override;
  Result<StoredThread> load_thread(const std::string& owner, const std::string& id,
                                   std::int64_t now_ms) override;
  Result<std::int64_t> remove_threads(const std::string& owner, const ThreadRemoval& removal,
                                      std::int64_t now_ms) override;
  Result<MoneyAnswer> reserve_money(const MoneyOrder& order) override;
  Result<void> note_crash(const CrashRecord& crash) override;
  Result<std::vector<CrashRecord>> crashes() override;
  Result<void> release_file(const std::string& file) override;
  Result<void> settle_money(const std::string& provider, std::int64_t day, std::int64_t change) override;
  Result<void> remove_expired(std::int64_t now_ms) override;

 private:
  Mutex mutex_;  // first, as the functions below name it
  enum Query : std::size_t {
    find_thread,
    insert_thread,
    extend_thread,
    insert_turn,
    read_turns,
    read_states,
    find_state,
    count_since,
    put_state,
    find_value,
    count_values,
    put_value,
    drop_value,
    drop_expired,
    query_count,
  };
  static const std::array<const char*, query_count> kSql;

  explicit SqliteStore(const StoreSettings& settings) : settings_(settings) {}
  /// A thread as it would be after an append.
  struct Extended {
    bool exists = false;  // before it
    std::int64_t turns = 0;
    std::int64_t bytes = 0;
  };
  Result<void> prepare(std::unique_ptr<SqliteDatabase> database);
  Result<void> store(const StoreBatch& batch);
  Result<Extended> extended(const std::string& owner, const ThreadAppend& append, std::int64_t now_ms)
      TOOLPOST_REQUIRES(mutex_);
  Result<void> append(const StoreBatch& batch, const ThreadAppend& append) TOOLPOST_REQUIRES(mutex_);
  Result<void> check_alone(const ThreadAppend& append) TOOLPOST_REQUIRES(mutex_);
  Result<void> store_state(const ThreadAppend& append) TOOLPOST_REQUIRES(mutex_);
  Result<std::int64_t> state_bytes(const ThreadAppend& append) TOOLPOST_REQUIRES(mutex_);
  Result<void> put(const StoreBatch& batch, const ValuePut& put) TOOLPOST_REQUIRES(mutex_);
  Result<std::string> turns_json(const std::string& id) TOOLPOST_REQUIRES(mutex_);
  Result<std::string> states_json(const std::string& id) TOOLPOST_REQUIRES(mutex_);
  Result<std::int64_t> drop_threads(const std::string& owner, const ThreadRemoval& removal,
                                    std::int64_t now_ms) TOOLPOST_REQUIRES(mutex_);

  const StoreSettings settings_;
  std::unique_ptr<SqliteDatabase> database_ TOOLPOST_GUARDED_BY(mutex_);
  // Finalized before the connection closes, as all below.
  std::array<SqliteStatement, query_count> statements_ TOOLPOST_GUARDED_BY(mutex_);
  SqliteJournals journals_ TOOLPOST_GUARDED_BY(mutex_);
  SqliteThreads threads_ TOOLPOST_GUARDED_BY(mutex_);
  SqliteSpending spending_ TOOLPOST_GUARDED_BY(mutex_);
  SqliteCrashes crashes_ TOOLPOST_GUARDED_BY(mutex_);
};

}  // namespace toolpost
