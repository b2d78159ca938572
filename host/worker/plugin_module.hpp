#pragma once
// One loaded plugin library with its instance. Never unloaded: it lives as long as the process.

#include <filesystem>
#include <memory>
#include <string_view>

#include "base/result.hpp"
#include "toolpost/plugin.h"

namespace toolpost {

class PluginModule {
 public:
  /// Opens `file`, checks the ABI and makes the instance from `config` (JSON). Runs the plugin's code.
  /// Errors: incompatible, with what the loader or the plugin said.
  static Result<std::unique_ptr<PluginModule>> load(const std::filesystem::path& file,
                                                    std::string_view config);

  const toolpost_invokable_1& table() const { return *table_; }
  void* instance() const { return instance_; }

 private:
  PluginModule() = default;
  const toolpost_invokable_1* table_ = nullptr;
  void* instance_ = nullptr;
};

}  // namespace toolpost
