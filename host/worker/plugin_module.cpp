#include "worker/plugin_module.hpp"

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>

#include "worker/turn_runner.hpp"

namespace toolpost {
namespace {

/// The loader's own words, without what Boost puts around them: the call's name, and an error code that has
/// nothing to do with it.
std::string loader_words(const std::string& told) {
  const std::string_view mark = "dlerror system message: ";
  const std::size_t begin = told.find(mark);
  const std::size_t end = told.rfind(')');
  if (begin == std::string::npos || end == std::string::npos || end < begin) return told;
  return told.substr(begin + mark.size(), end - begin - mark.size());
}

}  // namespace

Result<std::unique_ptr<PluginModule>> PluginModule::load(const std::filesystem::path& file,
                                                         std::string_view config) {
  const auto incompatible = [](std::string why) { return Error{Errc::incompatible, std::move(why)}; };
  try {
    // The throwing form, because only it carries the loader's own words. Leaked on purpose: a library with a
    // static of its own cannot be unloaded safely.
    // NOLINTBEGIN(clang-analyzer-cplusplus.NewDeleteLeaks)
    auto* library = new boost::dll::shared_library(
        file, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    if (!library->has(TOOLPOST_ENTRY_SYMBOL)) {
      return incompatible(std::string("the library does not export ") + TOOLPOST_ENTRY_SYMBOL);
    }
    // NOLINTEND(clang-analyzer-cplusplus.NewDeleteLeaks)
    const auto& entry = library->get<const toolpost_plugin*(std::uint32_t)>(TOOLPOST_ENTRY_SYMBOL);
    const toolpost_plugin* plugin = entry(TOOLPOST_ABI_MAJOR);
    if (plugin == nullptr)
      return incompatible("the plugin does not speak ABI major " + std::to_string(TOOLPOST_ABI_MAJOR));
    if (plugin->size < sizeof(toolpost_plugin) || plugin->get_interface == nullptr) {
      return incompatible("the plugin's record is too short");
    }
    auto module = std::unique_ptr<PluginModule>(new PluginModule);
    module->table_ = static_cast<const toolpost_invokable_1*>(plugin->get_interface(TOOLPOST_INVOKABLE_1));
    if (module->table_ == nullptr || module->table_->create == nullptr || module->table_->invoke == nullptr) {
      return incompatible(std::string("the plugin offers no ") + TOOLPOST_INVOKABLE_1);
    }
    const toolpost_status status =
        module->table_->create(&plugin_host(), {config.data(), config.size()}, &module->instance_);
    if (status != TOOLPOST_OK) return incompatible("create() answered status " + std::to_string(status));
    return module;
  } catch (const std::exception& why) {
    return incompatible(loader_words(why.what()));
  }
}

}  // namespace toolpost
