#pragma once
// The calls in flight of one connection, found by the client's id and by our number.
// Numbers are never reused, so a late answer to a call that is gone finds nothing.

#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mcp/mcp_revision.hpp"

namespace toolpost {

struct McpOpenCall {
  std::uint64_t number = 0;    // 0: the slot is free
  std::string id;              // JSON token, e.g. 7 or "a"
  std::string progress_token;  // JSON token; empty: no progress wanted
  double progress_last = -std::numeric_limits<double>::infinity();
  McpRevision revision = kMcpLegacyNewest;
};

/// Threads: one at a time. Pointers stay valid until the call is closed.
class McpCallTable {
 public:
  static constexpr std::size_t kCallsMax = 100'000;

  /// Null when the table is full. `id` must not be in flight.
  McpOpenCall* open(std::string_view id);
  McpOpenCall* find(std::uint64_t number);
  McpOpenCall* find_id(std::string_view id);
  void close(McpOpenCall& call);
  std::size_t size() const { return by_id_.size(); }

 private:
  std::deque<McpOpenCall> slots_;  // addresses never change
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::string_view, std::uint32_t> by_id_;  // keys point into slots_
  std::uint64_t sequence_ = 0;
};

}  // namespace toolpost
