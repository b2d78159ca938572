#include "sim_disk.hpp"

#include "base/overload.hpp"

namespace toolpost::sim {
namespace {

using Journals = std::map<std::string, SimJournal>;

void drop(Journals& journals, const std::string& id) {
  std::erase_if(journals, [&](const auto& one) { return one.first == id || one.second.begin.root == id; });
}

bool begin(Journals& journals, const JournalBegin& begin) {
  drop(journals, begin.id);
  journals[begin.id].begin = begin;
  return journals.contains(begin.root);
}

bool put(Journals& journals, const JournalPut& put) {
  const auto found = journals.find(put.id);
  if (found == journals.end() || put.index > found->second.entries.size()) return false;
  found->second.entries[put.index] = put.entry;
  return true;
}

bool end(Journals& journals, const JournalEnd& end) {
  std::erase_if(journals,
                [&](const auto& one) { return one.second.begin.root == end.id && one.first != end.id; });
  if (const auto found = journals.find(end.id); found != journals.end() && found->second.outcome.empty())
    found->second.outcome = end.outcome;
  return true;
}

}  // namespace

bool SimDisk::apply(const JournalChanges& changes) {
  Journals after = journals_;
  for (const JournalChange& change : changes) {
    const bool fits =
        std::visit(Overload{[&](const JournalBegin& one) { return begin(after, one); },
                            [&](const JournalPut& one) { return put(after, one); },
                            [&](const JournalPark&) { return true; },  // no simulated client is asked
                            [&](const JournalEnd& one) { return end(after, one); },
                            [&](const JournalDrop& one) {
                              drop(after, one.id);
                              return true;
                            }},
                   change);
    if (!fits) return false;
  }
  journals_ = std::move(after);
  return true;
}

}  // namespace toolpost::sim
