#pragma once
// A shell script that completes the program's own commands and options, made from the parser, so that it
// cannot fall behind.

#include <string>

namespace CLI {
class App;
}

namespace toolpost {

enum class Shell { bash, zsh };

/// For `source <(toolpost completion bash)`. Files are completed where nothing of ours fits.
std::string completion_script(const CLI::App& app, Shell shell);

}  // namespace toolpost
