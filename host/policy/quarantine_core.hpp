#pragma once
// Which inputs, and which plugin files, crashed so often that they are not run again. An input is refused to
// its owner for a while; a file on which several different inputs crashed is refused until a person lets it
// run. Knows wall clock times only, since hosts share what they saw. Threads: the loop's.

#include <map>
#include <optional>
#include <vector>

#include "base/crash_record.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"

namespace toolpost {

class QuarantineCore {
 public:
  /// Inputs remembered of one file; of more, the oldest are forgotten.
  static constexpr std::size_t kInputsMax = 256;

  explicit QuarantineCore(const QuarantineSettings& settings) : settings_(settings) {}

  bool enabled() const { return settings_.enabled; }
  /// A worker died or hung by what the plugin did. Returns what other hosts are to be told: that, and that
  /// the file is quarantined when this was one input too many.
  std::vector<CrashRecord> note(const CrashRecord& crash);
  /// What all hosts know; replaces what was known here, so a file that was released is free.
  void learn(const std::vector<CrashRecord>& records);
  /// The same, but what is known here and not there stays: it may be on its way.
  void merge(const std::vector<CrashRecord>& records);

  /// Whether anything is known of the file; false spares the digest of an input.
  bool knows(const std::string& file) const { return files_.contains(file); }
  /// Why a call may not run: `quarantined`, with what to do.
  std::optional<Error> refusal(const std::string& plugin, const std::string& file, const std::string& owner,
                               const std::string& input, std::int64_t now_ms) const;
  /// The part of it that concerns the file, whatever the input.
  std::optional<Error> file_refusal(const std::string& plugin, const std::string& file) const;
  /// How many inputs of the file are refused now, of all owners together.
  std::size_t refused_inputs(const std::string& file, std::int64_t now_ms) const;

 private:
  struct File {
    std::vector<CrashRecord> inputs;  // the oldest first
    bool quarantined = false;
  };
  /// How long the input is refused yet; 0: it is not.
  std::int64_t refused_for(const CrashRecord& input, std::int64_t now_ms) const;
  /// Different inputs that crashed within the window that ends now.
  std::size_t recent_inputs(const File& file, std::int64_t now_ms) const;
  static void add(File& file, const CrashRecord& crash);

  const QuarantineSettings settings_;
  std::map<std::string, File> files_;  // bounded by the plugins of this host, and by the store's answer
};

}  // namespace toolpost
