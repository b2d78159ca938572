#pragma once
// How long a call may take: which ceiling binds it, and what the answer says when it is over.
// Pure. The order of ceilings is checked when the configuration is loaded (config/settings_rules).

#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/time.hpp"
#include "config/settings.hpp"

namespace toolpost {

/// A deadline with the setting that made it.
struct BoundDeadline {
  TimePoint at{};
  std::string setting;    // "ceilings.tool_ms = 45000"
};

/// What a call's caller and the operator's overrides say about its time.
struct CeilingInput {
  TimePoint accepted{};
  bool client_resets = false;             // progress keeps this client waiting: no wall
  std::optional<Millis> tool_override;    // plugins."ID".ceiling_ms
  std::string tool_override_name;
};

class CeilingsCore {
 public:
  CeilingsCore(const CeilingSettings& ceilings, const DeadlineSettings& deadlines)
      : ceilings_(ceilings), deadlines_(deadlines) {}

  /// From acceptance to answer: the daemon ceiling and the client's wall.
  BoundDeadline request(const CeilingInput& input) const;
  /// One tool call inside its request.
  BoundDeadline tool(const CeilingInput& input) const;
  /// The same once it has asked an expert; counted from acceptance, so asking twice changes nothing.
  BoundDeadline expert(const CeilingInput& input) const;
  /// One attempt at a provider that began at `now` inside a call due at `parent`.
  BoundDeadline attempt(TimePoint now, const BoundDeadline& parent, std::optional<Millis> override_ms,
                        const std::string& provider) const;

 private:
  BoundDeadline inside(const BoundDeadline& outer, TimePoint from, Millis ceiling, const std::string& name,
                       Millis reserve) const;
  const CeilingSettings& ceilings_;
  const DeadlineSettings& deadlines_;
};

/// What a caller is told at `deadline`; the runner adds elapsed time, turns and attempts.
Error deadline_error(const BoundDeadline& deadline);

}  // namespace toolpost
