#pragma once
// What a client's session needs of whoever runs calls: the runtime in production, the simulator's in its
// runs.

#include <simdjson.h>

#include <string>
#include <string_view>

#include "runtime/admission_stage.hpp"

namespace toolpost {

struct ToolRequest {
  std::string_view tool;
  std::string_view arguments_json;                    // checked by a JsonReader
  const simdjson::dom::element* arguments = nullptr;  // the same, parsed; null: read it again
  OwnerId owner = 1;
  ClientWall wall = ClientWall::none;  // applies: the client gives up after a fixed time
  CeilingProfile profile = CeilingProfile::normal;
  ClientReach reach{};             // how to ask the client back
  std::string_view request_state;  // of the call's earlier leg; empty: it begins
  ClientAnswers answers{};         // to the questions of that
  bool durable = false;  // goes on after a crash of the host, with the patient ceilings; its outcome is kept
};

/// Threads: the loop's.
class ToolHost {
 public:
  using Done = AdmissionStage::Done;

  virtual ~ToolHost() = default;
  /// Runs one tool call through the whole chain. `done` comes in a later round, once, unless cancelled.
  virtual RequestNumber call_tool(const ToolRequest& request, Done done, CallRunner::OnProgress progress) = 0;
  virtual void cancel(RequestNumber number) = 0;
  /// The host ends: the same, but what the call has so far stays for whoever goes on with it.
  virtual void leave(RequestNumber number) = 0;
  /// What a request is doing, for people.
  virtual std::string describe(RequestNumber number) const = 0;
  /// What it has used until now, for an outcome that does not wait for its end.
  virtual CallOutcome so_far(RequestNumber number) const = 0;
  /// Empty when there is such a tool; else what to tell whoever asked for it.
  virtual std::string why_no_tool(std::string_view name) = 0;
  virtual const Settings& settings() const = 0;
  /// A line of the client was no message within the limits; for metrics.
  virtual void count_refused_line() {}
};

}  // namespace toolpost
