#include "store/store_schema.hpp"

namespace toolpost {

// threads.turns and threads.bytes repeat what could be counted, so that a limit costs no scan of the thread.
// bytes: of all turns and of the present state of each tool.
const char* const kStoreSchema = R"sql(
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
)sql";

}  // namespace toolpost
