#pragma once
// Texts that are too long to be sent as an argument come as a file called prompt.txt.

#include <toolpost/workflow/fields.hpp>

namespace toolpost::workflow {

constexpr std::size_t kStepCharactersMax = 100'000;  // longer texts come as a file

inline std::size_t count_characters(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

/// The answer to a text that is too long to be sent as an argument.
inline json resend_prompt(const std::string& tool, const char* key, std::size_t size, std::size_t max) {
  const std::string instructions = "Save the text as a file called prompt.txt and call " + tool +
                                   " again with its absolute path among " + key +
                                   "; the file is then read in its place.";
  return {{"status", "resend_prompt"},
          {"content", "The text has " + std::to_string(size) + " characters; at most " + std::to_string(max) +
                          " can be sent as an argument. " + instructions},
          {"content_type", "text"},
          {"metadata",
           {{"tool_name", tool}, {"prompt_size", size}, {"limit", max}, {"instructions", instructions}}}};
}

/// Takes a prompt.txt out of `paths` and returns its text; empty if there is none.
/// Errors: what file.read answers, so that nothing is judged without the text it is about.
inline std::string take_prompt_file(Call& call, std::vector<std::string>& paths) {
  const auto found = std::find_if(paths.begin(), paths.end(), [](const std::string& path) {
    const std::string_view name = "prompt.txt";
    return path == name || (path.size() > name.size() && path.compare(path.size() - name.size() - 1,
                                                                      std::string::npos, "/prompt.txt") == 0);
  });
  if (found == paths.end()) return {};
  const json file = call.read_file(*found);
  paths.erase(found);
  return file.value("text", "");
}

}  // namespace toolpost::workflow
