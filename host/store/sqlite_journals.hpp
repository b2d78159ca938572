#pragma once
// The journals' part of the store: tables of journals and of their entries. The caller holds the store's
// mutex and, to write, a transaction. Not for what a journal means (call/ and runtime/ know).

#include <array>

#include "store/sqlite_database.hpp"
#include "store/sqlite_statement.hpp"
#include "store/store.hpp"

namespace toolpost {

class SqliteJournals {
 public:
  /// `database` outlives this.
  Result<void> prepare(SqliteDatabase& database);

  Result<void> apply(const StoreBatch& batch, const JournalChange& change);
  Result<std::vector<JournalHead>> heads(const std::string& owner);
  Result<std::vector<StoredJournal>> load(const std::string& owner, const std::string& root);
  /// True when it was `from`'s and is now `to`'s.
  Result<bool> claim(const std::string& root, const std::string& from, const std::string& to);
  Result<void> remove_unchanged_since(std::int64_t ms);

 private:
  enum Query : std::size_t {
    insert_journal,
    drop_served,
    drop_journal,
    put_entry,
    end_journal,
    touch_journal,
    read_heads,
    read_journals,
    read_entries,
    claim_journal,
    park_journal,
    hear_journal,
    drop_old,
    query_count,
  };
  static const std::array<const char*, query_count> kSql;

  Result<void> begin(const StoreBatch& batch, const JournalBegin& begin);
  Result<void> drop(const std::string& id);

  SqliteDatabase* database_ = nullptr;
  std::array<SqliteStatement, query_count> statements_;
};

}  // namespace toolpost
