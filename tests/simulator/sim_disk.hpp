#pragma once
// The store of a simulated host, as far as journals go: what was written survives a host that dies.

#include <map>
#include <string>

#include "call/journal_record.hpp"

namespace toolpost::sim {

struct SimJournal {
  JournalBegin begin;
  std::map<std::uint32_t, std::string> entries;
  std::string outcome;
};

class SimDisk {
 public:
  /// All of them, or none and false: when one is of a journal that is not there, or would leave a gap.
  bool apply(const JournalChanges& changes);
  const std::map<std::string, SimJournal>& journals() const { return journals_; }

 private:
  std::map<std::string, SimJournal> journals_;
};

}  // namespace toolpost::sim
