#include "policy/quarantine_core.hpp"

#include <algorithm>
#include <set>

namespace toolpost {

void QuarantineCore::add(File& file, const CrashRecord& crash) {
  if (crash.input.empty()) {
    file.quarantined = true;
    return;
  }
  const auto same = std::find_if(file.inputs.begin(), file.inputs.end(), [&](const CrashRecord& one) {
    return one.input == crash.input && one.owner == crash.owner;
  });
  CrashRecord now = crash;
  if (same != file.inputs.end()) {
    now.count += same->count;
    file.inputs.erase(same);
  }
  if (file.inputs.size() >= kInputsMax) file.inputs.erase(file.inputs.begin());
  file.inputs.push_back(std::move(now));
}

std::size_t QuarantineCore::recent_inputs(const File& file, std::int64_t now_ms) const {
  std::set<std::string> inputs;
  for (const CrashRecord& one : file.inputs)
    if (one.at_ms >= now_ms - settings_.window.count()) inputs.insert(one.input);
  return inputs.size();
}

std::vector<CrashRecord> QuarantineCore::note(const CrashRecord& crash) {
  if (!settings_.enabled) return {};
  File& file = files_[crash.file];
  add(file, crash);
  std::vector<CrashRecord> told{crash};
  if (!file.quarantined && recent_inputs(file, crash.at_ms) >= settings_.inputs_max) {
    file.quarantined = true;
    told.push_back({crash.file, "", "", crash.at_ms, 1});
  }
  return told;
}

void QuarantineCore::learn(const std::vector<CrashRecord>& records) {
  files_.clear();
  if (!settings_.enabled) return;
  for (const CrashRecord& record : records) add(files_[record.file], record);
}

void QuarantineCore::merge(const std::vector<CrashRecord>& records) {
  if (!settings_.enabled) return;
  for (CrashRecord record : records) {
    File& file = files_[record.file];
    for (const CrashRecord& own : file.inputs)
      if (own.input == record.input && own.owner == record.owner)
        record.count = record.count > own.count ? record.count - own.count : 0;
    if (record.input.empty() || record.count > 0) add(file, record);
  }
}

std::optional<Error> QuarantineCore::file_refusal(const std::string& plugin, const std::string& file) const {
  const auto found = files_.find(file);
  if (found == files_.end() || !found->second.quarantined) return std::nullopt;
  return Error{Errc::quarantined,
               "plugin " + plugin +
                   " is quarantined: quarantine.inputs_max = " + std::to_string(settings_.inputs_max) +
                   " different inputs crashed it within quarantine.window_ms = " +
                   std::to_string(settings_.window.count()) +
                   "; replace its file, or let it run again with: toolpost plugins --release " + plugin,
               Millis{0}, SideEffect::none};
}

std::optional<Error> QuarantineCore::refusal(const std::string& plugin, const std::string& file,
                                             const std::string& owner, const std::string& input,
                                             std::int64_t now_ms) const {
  if (auto whole = file_refusal(plugin, file)) return whole;
  const auto found = files_.find(file);
  if (found == files_.end()) return std::nullopt;
  for (const CrashRecord& one : found->second.inputs) {
    if (one.input != input || one.owner != owner) continue;
    const std::int64_t left = refused_for(one, now_ms);
    if (left == 0) continue;
    return Error{Errc::quarantined,
                 "plugin " + plugin + " crashed on this very input quarantine.repeats_max = " +
                     std::to_string(settings_.repeats_max) + " times; it is not run on it for another " +
                     std::to_string(left) +
                     " ms (quarantine.window_ms = " + std::to_string(settings_.window.count()) +
                     "); change the arguments, replace its file, or: toolpost plugins --release " + plugin,
                 Millis{left}, SideEffect::none};
  }
  return std::nullopt;
}

std::size_t QuarantineCore::refused_inputs(const std::string& file, std::int64_t now_ms) const {
  const auto found = files_.find(file);
  if (found == files_.end()) return 0;
  const auto& inputs = found->second.inputs;
  return static_cast<std::size_t>(std::count_if(
      inputs.begin(), inputs.end(), [&](const CrashRecord& one) { return refused_for(one, now_ms) != 0; }));
}

std::int64_t QuarantineCore::refused_for(const CrashRecord& input, std::int64_t now_ms) const {
  if (input.count < settings_.repeats_max) return 0;
  return std::max<std::int64_t>(0, input.at_ms - (now_ms - settings_.window.count()));
}

}  // namespace toolpost
