#pragma once
// The spellings under which a secret's value may turn up in text: as it is, in JSON, in a URL, in base64.
// Not an encoder for anything else.

#include <string>
#include <string_view>
#include <vector>

namespace toolpost {

/// Without repetition; the value itself is the first. Base64 is given for all three alignments within a
/// longer text, without the letters that depend on its neighbours, in both alphabets.
std::vector<std::string> secret_forms(std::string_view value);

}  // namespace toolpost
