#pragma once
// Until when a request, its tool call and each provider attempt may run, and which setting says so.
// The binding setting travels with the deadline, so that an expiry can name it. Not for waiting or firing
// timers.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "config/settings.hpp"

namespace toolpost {

/// A deadline and the one setting that made it what it is. A copy allocates nothing.
struct BoundDeadline {
  Deadline deadline;
  std::string_view setting;  // "ceilings.tool_ms"; static text, or inside *setting_owner
  Millis value{0};           // of that setting
  Duration reserve{0};       // taken off it on the way in, for the outer layers to answer
  std::shared_ptr<const std::string>
      setting_owner;  // shared with the override: calls outlive a reload of settings
};

/// A ceiling of one plugin or provider in place of the general one; 0 switches it off for that one alone.
class CeilingOverride {
 public:
  /// `setting` as the operator wrote it, e.g. plugins."debug".ceiling_ms.
  CeilingOverride(std::string setting, Millis value)
      : setting_(std::make_shared<const std::string>(std::move(setting))), value_(value) {}

  const std::shared_ptr<const std::string>& setting() const { return setting_; }
  Millis value() const { return value_; }

 private:
  std::shared_ptr<const std::string> setting_;
  Millis value_;
};

enum class CeilingProfile { normal, patient };  // [ceilings] | [ceilings_long]
enum class ClientWall { applies, none };  // none: progress resets the client's timer, or no client waits

class CeilingsCore {
 public:
  /// Holds instead of ceilings.daemon_ms when that is 0; "no deadline" does not exist.
  static constexpr Millis unbounded_max{24 * 3'600'000};

  /// Errors: invalid_config when the outermost ceiling is off without deadlines.allow_unbounded, when a time
  /// is negative, or when a reserve leaves nothing. That ceilings nest is checked where the file is read.
  static Result<CeilingsCore> make(const CeilingSettings& ceilings, const DeadlineSettings& deadlines,
                                   CeilingProfile profile);

  /// Of a request, fixed at acceptance.
  BoundDeadline request(TimePoint accepted, ClientWall wall) const;
  /// Of a tool call that starts `now`. With its ceiling off, the expert's holds.
  BoundDeadline tool(const BoundDeadline& request, TimePoint accepted, TimePoint now,
                     const CeilingOverride* ceiling = nullptr) const;
  /// Of a tool call that has asked an expert. It is counted from acceptance, so asking for it again changes
  /// nothing; it never comes before what `tool` already had, and never leaves the request's reserve.
  BoundDeadline raised(const BoundDeadline& request, const BoundDeadline& tool, TimePoint accepted) const;
  /// Of all attempts of one provider call together: the parent's, less the reserve to use the answer.
  BoundDeadline provider_call(const BoundDeadline& parent) const;
  /// Of one provider attempt that starts `now`.
  BoundDeadline attempt(const BoundDeadline& parent, TimePoint now,
                        const CeilingOverride* ceiling = nullptr) const;
  /// Of one file transfer to or from a provider that starts `now`.
  BoundDeadline upload(const BoundDeadline& parent, TimePoint now) const;

 private:
  CeilingsCore(const CeilingSettings& ceilings, const DeadlineSettings& deadlines, CeilingProfile profile)
      : ceilings_(ceilings), deadlines_(deadlines), profile_(profile) {}

  BoundDeadline own(TimePoint from, std::string_view normal, std::string_view durable, Millis value) const;

  CeilingSettings ceilings_;
  DeadlineSettings deadlines_;
  CeilingProfile profile_;
};

/// The ceilings of both profiles, as the settings have them.
struct CeilingsByProfile {
  CeilingsCore normal;
  CeilingsCore patient;

  /// Precondition: the settings passed config/settings_rules.
  static CeilingsByProfile make(const Settings& settings);
  const CeilingsCore& of(CeilingProfile profile) const {
    return profile == CeilingProfile::normal ? normal : patient;
  }
};

/// "deadline: ceilings.tool_ms = 45000 passed after 45003 ms, 2 attempts". Reserves and attempts are named if
/// any. `accepted` is what the elapsed time is counted from.
Error deadline_error(const BoundDeadline& bound, TimePoint accepted, TimePoint now, unsigned attempts);

}  // namespace toolpost
