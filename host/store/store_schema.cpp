#include "store/store_schema.hpp"

namespace toolpost {

// threads.turns and threads.bytes repeat what could be counted, so that a limit costs no scan of the thread.
// bytes: of all turns and of the present state of each tool.
const char* const kStoreSchemaSteps[kStoreSchemaVersion] = {R"sql(
  CREATE TABLE threads (
    id          TEXT    PRIMARY KEY,
    owner       TEXT    NOT NULL,
    created_ms  INTEGER NOT NULL,
    expires_ms  INTEGER NOT NULL,
    turns       INTEGER NOT NULL,
    bytes       INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX threads_by_expiry ON threads (expires_ms);

  CREATE TABLE turns (
    thread      TEXT    NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    tool        TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    created_ms  INTEGER NOT NULL,
    PRIMARY KEY (thread, number)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE states (
    thread      TEXT    NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    tool        TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    PRIMARY KEY (thread, tool)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE plugin_values (
    owner       TEXT    NOT NULL,
    plugin      TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    changed_ms  INTEGER NOT NULL,
    PRIMARY KEY (owner, plugin, name)
  ) STRICT, WITHOUT ROWID;
)sql",
                                                            // 1: the journals of calls that run
                                                            R"sql(
  CREATE TABLE journals (
    id          TEXT    PRIMARY KEY,
    root        TEXT    NOT NULL REFERENCES journals (id) ON DELETE CASCADE,
    owner       TEXT    NOT NULL,
    wanted      TEXT    NOT NULL,
    lease       TEXT    NOT NULL,
    durable     INTEGER NOT NULL,
    header      TEXT    NOT NULL,
    outcome     TEXT    NOT NULL,
    created_ms  INTEGER NOT NULL,
    changed_ms  INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX journals_by_root ON journals (root);
  CREATE INDEX journals_by_owner ON journals (owner);

  CREATE TABLE journal_entries (
    journal     TEXT    NOT NULL REFERENCES journals (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    body        TEXT    NOT NULL,
    PRIMARY KEY (journal, number)
  ) STRICT, WITHOUT ROWID;
)sql",
                                                            // 2: what providers cost a day, in millionths
                                                            R"sql(
  CREATE TABLE spending (
    provider    TEXT    NOT NULL,
    day         INTEGER NOT NULL,
    micro       INTEGER NOT NULL,
    PRIMARY KEY (provider, day)
  ) STRICT, WITHOUT ROWID;
)sql",
                                                            // 3: which plugin files crashed on which inputs
                                                            R"sql(
  CREATE TABLE crashes (
    file        TEXT    NOT NULL,
    owner       TEXT    NOT NULL,
    input       TEXT    NOT NULL,
    at_ms       INTEGER NOT NULL,
    count       INTEGER NOT NULL,
    PRIMARY KEY (file, owner, input)
  ) STRICT, WITHOUT ROWID;
)sql"};

}  // namespace toolpost
