#pragma once
// The predecessor's tools, and those of its relative PAL, one row for each, with what becomes of it and its
// fields. One source of docs/migrating.md. Not for the fields that are the same: tools/list has those.

#include <span>
#include <string_view>

namespace toolpost {

struct MigratedTool {
  std::string_view name;    // there
  std::string_view here;    // empty: nothing
  std::string_view taken;   // fields that tools/list does not name and that count; with spaces
  std::string_view unused;  // fields that fail no call and change nothing; with spaces
  std::string_view why;     // of what is unused or gone; may be empty
};

std::span<const MigratedTool> migrated_tools();

}  // namespace toolpost
