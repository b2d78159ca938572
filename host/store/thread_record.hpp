#pragma once
// A conversation thread as an operator sees it: what the store says of it, and the turns as they were stored.
// Plain data. Not for going on with a thread: Store::read_thread() gives that in one piece.

#include <cstdint>
#include <string>
#include <vector>

namespace toolpost {

struct ThreadHead {
  std::string id;
  std::string last_tool;            // of the last turn
  std::vector<std::string> models;  // that turns name, in the order of their first use; at most 16
  std::int64_t turns = 0;
  std::int64_t bytes = 0;  // as counted against store.thread_bytes_max
  std::int64_t created_ms = 0;
  std::int64_t used_ms = 0;  // of the last turn
  std::int64_t expires_ms = 0;
};

struct ThreadTurn {
  std::int64_t number = 0;  // from 1
  std::string tool;         // whose call stored it, as the host knows it
  std::string json;         // what that tool stored
  std::int64_t created_ms = 0;
};

struct ThreadState {
  std::string tool;
  std::string json;
};

struct StoredThread {
  ThreadHead head;
  std::vector<ThreadTurn> turns;    // in order
  std::vector<ThreadState> states;  // by tool
};

struct ThreadList {
  std::vector<ThreadHead> heads;  // that can be continued; the one used last comes first
  std::int64_t alive = 0;         // how many there are of these
  std::int64_t expired = 0;       // and how many wait to be removed
};

}  // namespace toolpost
