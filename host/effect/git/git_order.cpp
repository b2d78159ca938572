#include "effect/git/git_order.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "effect/file/file_path_text.hpp"

namespace toolpost {

Result<GitOrder> parse_git_order(std::string_view text) {
  using nlohmann::json;
  const json value = json::parse(text, nullptr, false);
  GitOrder order;
  try {
    value.at("kind").get_to(order.kind);
    value.at("folder").get_to(order.folder);
    value.at("git_folder").get_to(order.git_folder);
    value.at("common_folder").get_to(order.common_folder);
    value.at("compare_to").get_to(order.compare_to);
    value.at("staged").get_to(order.staged);
    value.at("unstaged").get_to(order.unstaged);
    value.at("untracked").get_to(order.untracked);
    value.at("context_lines").get_to(order.context_lines);
    value.at("max_bytes").get_to(order.max_bytes);
    value.at("max_entries").get_to(order.max_entries);
    value.at("file").get_to(order.file);
    value.at("files_max").get_to(order.files_max);
    value.at("memory_bytes_max").get_to(order.memory_bytes_max);
    value.at("level_max").get_to(order.level_max);
    value.at("min_level").get_to(order.min_level);
    value.at("deny").get_to(order.deny);
    value.at("hidden").get_to(order.hidden);
  } catch (const json::exception& error) {
    return Error{Errc::internal, std::string("the order to toolpost-git: ") + error.what()};
  }
  return order;
}

Result<VisiblePaths> VisiblePaths::make(const GitOrder& order) {
  auto names = ProtectedNames::make(order.deny);
  if (!names) return names.error();
  VisiblePaths visible(std::move(*names));
  visible.hidden_ = order.hidden;
  return visible;
}

std::string VisiblePaths::hidden_because(std::string_view path) const {
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view name = path.substr(begin, end - begin);
    begin = end + 1;
    if (const std::string* pattern = protected_.match(name))
      return "the name \"" + std::string(name) + "\" is protected (" + *pattern + ") as it may hold secrets";
    if (!is_plain_file_name(name)) return "its name holds characters that cannot be shown";
  }
  const bool hidden = std::any_of(hidden_.begin(), hidden_.end(), [path](const std::string& folder) {
    return path == folder || (path.starts_with(folder) && path.substr(folder.size()).starts_with('/'));
  });
  return hidden ? "it belongs to the host's own state" : "";
}

}  // namespace toolpost
