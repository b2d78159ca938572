#pragma once
// Where the turns of one plugin run. In worker processes (WorkerPool), in our own (InProcessPool), or nowhere
// real (the simulator). What runs a call knows only this.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "call/turn_codec.hpp"
#include "worker/pool_core.hpp"

namespace toolpost {

/// What a pool needs to know of its plugin; copied at construction.
struct PoolPlugin {
  std::string id;
  std::string file;    // the private copy; see plugin/plugin_catalog.hpp
  std::string config;  // JSON for create()
  Duration turn_max{};
  std::uint64_t output_bytes_max = 0;
  std::uint32_t effects_max = 0;
  std::string turn_max_setting = "turns.turn_max_ms";  // which one gives turn_max
};

/// Threads: the loop's.
class TurnPool {
 public:
  /// Each submitted turn ends here once, unless withdrawn; a turn that cannot even begin may end inside
  /// submit(). Errors: crashed, hung, protocol, incompatible, unavailable.
  using TurnDone = std::function<void(TurnId, Result<TurnOutput>)>;

  virtual ~TurnPool() = default;
  /// `input` is an encoded TurnInput.
  virtual void submit(TurnId turn, OwnerId owner, std::string input) = 0;
  /// The caller has gone: the turn's output, if it comes at all, goes nowhere.
  virtual void withdraw(TurnId turn) = 0;
  /// Opens the plugin ahead of need, so that one that cannot run is known early.
  virtual void warm() = 0;
  /// Sends what was submitted in this round; called once per round.
  virtual void flush() {}
  /// What the worker of which an event tells right now said last; outside of events of no meaning.
  virtual std::vector<std::string> last_lines() const { return {}; }
  /// Processes that are there now, starting ones included.
  virtual std::size_t workers() const = 0;
};

}  // namespace toolpost
