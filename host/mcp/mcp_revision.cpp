#include "mcp/mcp_revision.hpp"

namespace toolpost {

std::string_view name(McpRevision revision) {
  switch (revision) {
    case McpRevision::v2024_11_05:
      return "2024-11-05";
    case McpRevision::v2025_03_26:
      return "2025-03-26";
    case McpRevision::v2025_06_18:
      return "2025-06-18";
    case McpRevision::v2025_11_25:
      return "2025-11-25";
    case McpRevision::v2026_07_28:
      return "2026-07-28";
  }
  return "";
}

std::optional<McpRevision> mcp_revision(std::string_view text) {
  for (const McpRevision revision : kMcpRevisions) {
    if (name(revision) == text) return revision;
  }
  return std::nullopt;
}

std::string mcp_revisions_text(McpEra era) {
  std::string text;
  for (const McpRevision revision : kMcpRevisions) {
    if (is_modern(revision) != (era == McpEra::modern)) continue;
    if (!text.empty()) text += ", ";
    text += name(revision);
  }
  return text;
}

}  // namespace toolpost
