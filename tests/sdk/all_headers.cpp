// Every header of the C++ layer in one translation unit.
#include <toolpost/plugin.hpp>
#include <toolpost/provider/chat_completions.hpp>
#include <toolpost/testing/determinism.hpp>
#include <toolpost/workflow/workflow.hpp>

struct Nothing : toolpost::Plugin {
  toolpost::json invoke(toolpost::Call&, std::string_view, const toolpost::json&) override { return {}; }
};

TOOLPOST_PLUGIN(Nothing)
