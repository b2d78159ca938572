#pragma once
// Which model answers: what a name means, and what `auto` takes, with the reason in words. Decides only;
// knows no network, clock or plugin. The operator's lists hold here, where no plugin can pass them by.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/model_catalog.hpp"

namespace toolpost {

/// One configured provider as it stands now.
struct OfferedProvider {
  std::string name;
  std::string plugin;                  // its short name, as catalogues have it
  std::vector<std::string> models;     // configured, or listed by the server
  std::vector<std::string> allowed;    // empty: all; aliases count
  std::vector<std::string> preferred;  // taken first by auto; aliases count
  std::set<std::string> resting;       // models that are left alone now
  bool local = false;
  bool listed = false;            // `models` is the server's own list: some may answer no chat at all
  bool open = false;              // takes names that are not in `models`
  std::optional<Error> unusable;  // why it cannot be asked at all
};

/// What a call wants of a model.
struct ModelWish {
  std::string model = "auto";
  std::string tool;             // the MCP name of the tool that asks
  std::string role;             // "expert" for the opinion at the end of a workflow
  std::string step;             // "first", "middle" or "last" of a workflow; "" if it has none
  std::string thinking;         // "" or a level
  std::set<std::string> needs;  // abilities without which it cannot be done
  std::set<std::string> likes;  // abilities that would be good
  std::string language;         // of host.locale
  std::uint64_t tokens = 0;     // of the request, estimated
};

struct ModelPolicy {
  bool local_only = false;
  std::string default_provider;       // "" none
  std::vector<std::string> fallback;  // "NAME" or "NAME/model"
};

struct ModelPick {
  std::string provider;
  std::string model;                  // the full name
  const ModelFacts* facts = nullptr;  // null: no catalogue knows it
  std::string why;
};

/// The models to ask, the first one first; of a named model there is one. Providers are given in their order
/// of preference among equals. Errors: unsupported when there is nobody to ask, permission when the
/// operator's lists forbid it, not_found for an unknown name, with a suggestion; and what makes the provider
/// unusable that was meant.
Result<std::vector<ModelPick>> pick_models(const ModelWish& wish,
                                           const std::vector<OfferedProvider>& providers,
                                           const ModelCatalog& catalog, const ModelPolicy& policy);

/// Why the operator does not let this model be asked; nothing when it may. Error: permission.
std::optional<Error> forbidden(const ModelCatalog& catalog, const OfferedProvider& provider,
                               const std::string& model, const ModelPolicy& policy);

/// "fast" or "quality": what the step of a tool wants.
std::string wanted_speed(const ModelWish& wish);

}  // namespace toolpost
