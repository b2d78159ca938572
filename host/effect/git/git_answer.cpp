#include "effect/git/git_answer.hpp"

#include <nlohmann/json.hpp>

#include "effect/file/file_path_text.hpp"
#include "effect/git/git_changes.hpp"
#include "effect/git/git_log.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

std::string dumped(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<json> run(const GitOrder& order, int level) {
  if (level < static_cast<int>(order.min_level)) {
    return Error{Errc::unsupported, "this kernel lets git run at isolation level " + std::to_string(level) +
                                        " only, below isolation.min_level = " +
                                        std::to_string(order.min_level) + "; the operator may lower that"};
  }
  auto visible = VisiblePaths::make(order);
  if (!visible) return visible.error();
  auto repository = open_repository(order, level);
  if (!repository) return repository.error();
  if (order.kind == "git.log") return git_log(*repository, order);
  return git_changes(*repository, order, *visible);
}

}  // namespace

std::string git_answer(const Error& error) {
  return dumped({{"code", name(error.code)}, {"message", error.message}});
}

std::string git_answer(const GitOrder& order, int level) {
  auto result = run(order, level);
  if (!result) return git_answer(result.error().with("repository " + shown_file_path(order.shown())));
  return dumped({{"result", std::move(*result)}});
}

}  // namespace toolpost
