#include "mcp/mcp_call_table.hpp"

namespace toolpost {
namespace {

// A number is a running sequence above the index of its slot.
constexpr unsigned kIndexBits = 17;
constexpr std::uint64_t kIndexMask = (std::uint64_t{1} << kIndexBits) - 1;
static_assert(McpCallTable::kCallsMax <= kIndexMask);

// Short texts keep their memory for the next call of the slot, long ones give it back.
void forget(std::string& text) {
  constexpr std::size_t kKeptMax = 64;
  if (text.capacity() > kKeptMax) {
    text = std::string();
  } else {
    text.clear();
  }
}

}  // namespace

McpOpenCall* McpCallTable::open(std::string_view id) {
  std::uint32_t index;
  if (!free_.empty()) {
    index = free_.back();
    free_.pop_back();
  } else {
    if (slots_.size() >= kCallsMax) return nullptr;
    index = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  }
  McpOpenCall& call = slots_[index];
  call.number = (++sequence_ << kIndexBits) | index;
  call.id.assign(id);
  by_id_.emplace(call.id, index);
  return &call;
}

McpOpenCall* McpCallTable::find(std::uint64_t number) {
  const std::uint64_t index = number & kIndexMask;
  if (number == 0 || index >= slots_.size() || slots_[index].number != number) return nullptr;
  return &slots_[index];
}

McpOpenCall* McpCallTable::find_id(std::string_view id) {
  if (by_id_.empty()) return nullptr;
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &slots_[found->second];
}

void McpCallTable::close(McpOpenCall& call) {
  const auto index = static_cast<std::uint32_t>(call.number & kIndexMask);
  by_id_.erase(call.id);
  call.number = 0;
  forget(call.id);
  forget(call.progress_token);
  call.progress_last = -std::numeric_limits<double>::infinity();
  free_.push_back(index);
}

}  // namespace toolpost
