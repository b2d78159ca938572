#pragma once
// What must hold although hosts die, kept outside of every host: which request was asked for, which answer
// reached the disk, how each durable call ended and what it left behind. Sees the disk and the model servers;
// knows no host.

#include <map>
#include <set>
#include <string>

#include "sim_disk.hpp"

namespace toolpost::sim {

/// A deferred change carries one of these, the nonce of its call and a number of its own.
constexpr const char* kDurableMark = "durable.";
constexpr const char* kFleetingMark = "fleeting.";

class SimLedger {
 public:
  /// `resends`: resume.in_doubt = "resend".
  explicit SimLedger(bool resends) : resends_(resends) {}

  /// A request leaves for a model server; `journal` is that of the provider call that asks.
  void asks(const std::string& journal, const std::string& request, const SimJournals& disk);
  /// What was asked for has reached the host.
  void answered(const std::string& journal, const std::string& request);
  /// Before `batch` changes the disk.
  void before_commit(const StoreBatch& batch, const SimJournals& disk);
  /// After what was on its way has reached the disk, or was lost.
  void host_died(const SimJournals& disk);
  /// The client of a durable call does not want it any more, or was told that it never began.
  void may_drop(const std::string& wanted) { droppable_.insert(wanted); }
  /// From here on a call asked for again may begin anew: resume.repeat_window counts by that clock.
  void wall_clock_jumped() { clock_jumped_ = true; }
  /// No host will come any more, and the last one had time for everything.
  void world_ends(const SimJournals& disk);

  /// The first thing that did not hold; empty so far.
  const std::string& problem() const { return problem_; }
  /// Requests that were under way when their host died, and calls that ended so.
  std::uint64_t doubts() const { return doubts_.size(); }
  std::uint64_t ended_in_doubt() const { return ended_in_doubt_; }

 private:
  void fail(const std::string& problem) {
    if (problem_.empty()) problem_ = problem;
  }
  void check_begin(const StoreBatch& batch, const JournalBegin& begin, const SimJournals& disk);
  void check_end(const StoreBatch& batch, const JournalEnd& end, const SimJournals& disk);
  void check_left(const StoreBatch& batch, const SimJournals& disk);
  void check_left_by_others(const StoreBatch& batch, const SimJournals& disk);

  const bool resends_;
  bool clock_jumped_ = false;
  std::map<std::string, std::set<std::string>> asked_;  // requests by journal
  std::set<std::string> answered_;                      // journal and request
  std::set<std::string> doubts_;                        // the same
  std::map<std::string, std::string> ended_by_;         // root journal and the host that ended it
  std::set<std::string> droppable_;
  std::set<std::string> left_;  // marks of durable calls' changes
  std::uint64_t ended_in_doubt_ = 0;
  std::string problem_;
};

}  // namespace toolpost::sim
