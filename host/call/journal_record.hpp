#pragma once
// What is written of a call's journal while it runs, so that it can go on after the host died: a list of
// changes that are stored together. Texts are lines of journal_file.hpp. Not for how they are stored (store
// does).

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace toolpost {

/// The call is there; replaces a journal of the same id.
struct JournalBegin {
  std::string id;     // of the call, or of a provider call: the asking call's id, ".", and the effect's index
  std::string root;   // the client's call that it serves; the same as id for that call itself
  std::string owner;  // who may see it
  std::string wanted;  // what was asked, as a digest: the same call asked again has the same
  std::string header;  // header_line()
  bool durable = false;
};
/// An effect as it is now; replaces the entry of the same index. Entries are written without gaps.
struct JournalPut {
  std::string id;
  std::uint32_t index = 0;
  std::string entry;  // entry_line()
};
/// The call waits for its client's next call; no host runs it until then.
struct JournalPark {
  std::string id;
};
/// The call is over and its outcome is kept; what served it is forgotten.
struct JournalEnd {
  std::string id;
  std::string outcome;  // outcome_line()
};
/// The call's outcome was heard: no repeat is told of it any more, but whoever wants to see it can.
struct JournalHeard {
  std::string id;
};
/// The call, or provider call, is over and nothing of it is needed.
struct JournalDrop {
  std::string id;
};

using JournalChange =
    std::variant<JournalBegin, JournalPut, JournalPark, JournalEnd, JournalHeard, JournalDrop>;
using JournalChanges = std::vector<JournalChange>;

}  // namespace toolpost
