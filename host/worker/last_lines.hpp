#pragma once
// What one worker printed and logged last, for the report of its end.

#include <string>
#include <string_view>
#include <vector>

namespace toolpost {

class LastLines {
 public:
  static constexpr std::size_t kLinesMax = 20;
  static constexpr std::size_t kLineBytesMax = 500;  // of each; the rest is cut

  void note(std::string_view line) {
    if (lines_.size() == kLinesMax) lines_.erase(lines_.begin());
    lines_.emplace_back(line.substr(0, kLineBytesMax));
  }
  /// The oldest first.
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

}  // namespace toolpost
