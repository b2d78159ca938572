#pragma once
// The model catalogues: TOML files that say what models can do, take and cost. Names that no catalogue knows
// are no error anywhere: nothing is known about them, that is all. docs/providers.md describes the format.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/model_facts.hpp"

namespace toolpost {

/// The largest catalogue file that is read, in bytes, and the most models in all.
constexpr std::size_t kCatalogBytesMax = 1 << 20;
constexpr std::size_t kModelsMax = 10'000;

class ModelCatalog {
 public:
  /// Adds the models of one file; a model that an earlier call added is replaced. Adds nothing on an error.
  /// Errors: invalid_config, naming `where` and every wrong field.
  Result<void> add(std::string_view toml, const std::string& where);

  /// The model that `name`, an alias perhaps, means on servers of `plugin`; null if no catalogue knows it.
  /// Lifetime: until the next add().
  const ModelFacts* find(std::string_view plugin, std::string_view name) const;
  /// What is known of `name`: as find(), and for a name with a date at its end ("gpt-5-2025-08-07",
  /// "claude-x-20250929"), what is known of the name without it. Not for names to ask for: the date is the
  /// caller's wish.
  const ModelFacts* facts(std::string_view plugin, std::string_view name) const;
  /// Names and aliases of `plugin`'s models, for suggestions.
  std::vector<std::string> names(std::string_view plugin) const;
  std::size_t size() const { return models_.size(); }

 private:
  std::map<std::string, ModelFacts> models_;    // by plugin and name
  std::map<std::string, std::string> aliases_;  // plugin and alias, to the key in models_
};

/// Reads every "*.toml" of the folders, in order of their names; a folder need not exist. What is wrong with
/// a file is told to `problem`, and the file left out.
ModelCatalog read_catalogs(const std::vector<std::string>& folders,
                           const std::function<void(const std::string&)>& problem);

}  // namespace toolpost
