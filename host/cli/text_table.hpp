#pragma once
// Rows of text in columns that line up, for people. Not for programs (they get --json).

#include <cstdint>
#include <string>
#include <vector>

namespace toolpost {

class TextTable {
 public:
  explicit TextTable(std::vector<std::string> head) { add(std::move(head)); }

  /// As many cells as the head has; the last column may be of any width.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  /// Columns are as wide as their widest cell, at most 40 bytes, two spaces apart.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// A span of time for a cell: "5 s", "12 min", "30 h"; what is negative counts as 0.
std::string age_text(std::int64_t ms);

}  // namespace toolpost
