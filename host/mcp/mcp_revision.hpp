#pragma once
// The protocol revisions we speak. "Modern" ones carry their version in every request, "legacy" ones agree on
// it once, with initialize; one connection may use both (see mcp_core.hpp).

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace toolpost {

/// In order of time, so that < means older.
enum class McpRevision : std::uint8_t { v2024_11_05, v2025_03_26, v2025_06_18, v2025_11_25, v2026_07_28 };

inline constexpr std::array kMcpRevisions{McpRevision::v2026_07_28, McpRevision::v2025_11_25,
                                          McpRevision::v2025_06_18, McpRevision::v2025_03_26,
                                          McpRevision::v2024_11_05};  // newest first
inline constexpr McpRevision kMcpLegacyNewest = McpRevision::v2025_11_25;

std::string_view name(McpRevision revision);
std::optional<McpRevision> mcp_revision(std::string_view name);
constexpr bool is_modern(McpRevision revision) {
  return revision > kMcpLegacyNewest;
}

enum class McpEra : std::uint8_t { modern, legacy };
/// The revisions of one era for sentences, newest first: "2025-11-25, 2025-06-18".
std::string mcp_revisions_text(McpEra era);

}  // namespace toolpost
