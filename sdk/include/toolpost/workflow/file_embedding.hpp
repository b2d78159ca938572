#pragma once
// Puts files into a prompt within a budget of tokens, and names what was left out and why.

#include <toolpost/workflow/fields.hpp>

#include <map>

namespace toolpost::workflow {

/// A count of model tokens; a type of its own so that nobody takes characters for tokens.
struct Tokens {
  std::size_t count = 0;
};

/// A careful estimate: four bytes a token holds for English and code, three is safe for the rest of Europe.
inline Tokens estimate_tokens(std::string_view text) {
  return {text.size() / 3 + 1};
}

struct EmbeddedFiles {
  std::string text;  // marked blocks, one a file
  std::vector<std::string> embedded;
  json left_out = json::array();  // of {path, reason}
};

constexpr std::size_t kFilesEmbeddedMax = 60;  // a call may start 256 effects and read 64 files by default

/// Reads `paths` (all at once), newest mention first, each content once, until `budget` is used.
inline EmbeddedFiles embed_files(Call& call, const std::vector<std::string>& paths, Tokens budget) {
  std::vector<std::string> wanted;
  for (auto path = paths.rbegin(); path != paths.rend(); ++path) {
    if (std::find(wanted.begin(), wanted.end(), *path) == wanted.end()) wanted.push_back(*path);
  }
  EmbeddedFiles files;
  for (std::size_t i = kFilesEmbeddedMax; i < wanted.size(); ++i) {
    files.left_out.push_back(
        {{"path", wanted[i]},
         {"reason", "only the " + std::to_string(kFilesEmbeddedMax) + " files named last are read"}});
  }
  wanted.resize(std::min(wanted.size(), kFilesEmbeddedMax));
  std::vector<Effect> reads;
  reads.reserve(wanted.size());
  for (const std::string& path : wanted) reads.push_back(call.start("file.read", {{"path", path}}));
  std::map<std::string, std::string> seen;  // by content: one file may have several names
  for (std::size_t i = 0; i < reads.size(); ++i) {
    const auto leave_out = [&](const std::string& reason) {
      files.left_out.push_back({{"path", wanted[i]}, {"reason", reason}});
    };
    try {
      const json file = call.wait(reads[i]);
      if (!file.contains("text")) {
        leave_out("not a text file");
        continue;
      }
      const std::string& text = file["text"].get_ref<const std::string&>();
      if (const auto [first, is_new] = seen.emplace(text, wanted[i]); !is_new) {
        leave_out("the same content as " + first->second);
        continue;
      }
      const Tokens cost = estimate_tokens(text);
      if (cost.count > budget.count) {
        leave_out("about " + std::to_string(cost.count) + " tokens, more than the " +
                  std::to_string(budget.count) + " left");
        continue;
      }
      budget.count -= cost.count;
      files.text += "--- BEGIN FILE: " + wanted[i] + " ---\n" + text +
                    (!text.empty() && text.back() == '\n' ? "" : "\n") + "--- END FILE: " + wanted[i] +
                    " ---\n";
      files.embedded.push_back(wanted[i]);
      if (file.value("truncated", false)) leave_out("longer than what is read at once; its end is missing");
    } catch (const Error& error) {
      leave_out(error.what());
    }
  }
  return files;
}

}  // namespace toolpost::workflow
