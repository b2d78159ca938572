#include "effect/file/protected_names.hpp"

#include <algorithm>
#include <array>

#include "effect/file/file_path_text.hpp"

namespace toolpost {
namespace {

constexpr std::array kBuiltIn = {
    ".git",   ".ssh",    ".gnupg",      ".aws",      ".env",        ".env.*",
    ".netrc", ".npmrc",  ".pypirc",     "*.pem",     "*.key",       "*.p12",
    "*.pfx",  "id_rsa*", "id_ed25519*", "id_ecdsa*", "credentials", "credentials.json",
};
constexpr std::string_view kExample = ".env.example";  // made to be shared

/// Lower case. Besides ASCII only the long s (U+017F) and the Kelvin sign (U+212A), the two letters that a
/// case-insensitive file system takes for ASCII ones: without them ".\u017f\u017fh" would open ".ssh" there.
std::string folded(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  for (std::size_t at = 0; at < name.size(); ++at) {
    const char letter = name[at];
    if (letter >= 'A' && letter <= 'Z') {
      out += static_cast<char>(letter - 'A' + 'a');
    } else if (name.substr(at, 2) == "\xc5\xbf") {
      out += 's';
      at += 1;
    } else if (name.substr(at, 3) == "\xe2\x84\xaa") {
      out += 'k';
      at += 2;
    } else {
      out += letter;
    }
  }
  return out;
}

/// "*" matches any run of characters. Goes back to the last star only, so the cost is at most pattern x name.
bool matches(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0, star = std::string_view::npos, from = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++from;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace

Result<ProtectedNames> ProtectedNames::make(const std::vector<std::string>& deny) {
  ProtectedNames names;
  names.patterns_.assign(kBuiltIn.begin(), kBuiltIn.end());
  for (const std::string& entry : deny) {
    if (!is_plain_file_name(entry)) {
      return Error{Errc::invalid_config,
                   "files.deny: " + shown_file_path(entry) +
                       " is no single file name; give a name such as \"secrets.yaml\" or "
                       "\"*.secret\", without \"/\""};
    }
    names.patterns_.push_back(folded(entry));
  }
  return names;
}

const std::string* ProtectedNames::match(std::string_view name) const {
  const std::string plain = folded(name);
  for (const std::string& pattern : patterns_) {
    if (plain == kExample && pattern == ".env.*") continue;
    if (matches(pattern, plain)) return &pattern;
  }
  return nullptr;
}

bool is_generated_folder(std::string_view name) {
  constexpr std::array<std::string_view, 27> kFolders = {
      ".git",          ".hg",     ".svn",        ".jj",           "node_modules", "bower_components",
      "build",         "dist",    "target",      "__pycache__",   ".venv",        "venv",
      ".tox",          ".nox",    ".mypy_cache", ".pytest_cache", ".ruff_cache",  ".cache",
      ".ccache",       ".gradle", ".terraform",  ".next",         ".nuxt",        ".svelte-kit",
      ".parcel-cache", ".turbo",  ".eggs",
  };
  return std::find(kFolders.begin(), kFolders.end(), name) != kFolders.end();
}

}  // namespace toolpost
