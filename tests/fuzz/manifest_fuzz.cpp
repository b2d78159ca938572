// plugin.toml of a stranger: an accepted manifest keeps what the header promises, a refusal is fit to be
// shown.
#include <algorithm>
#include <set>

#include "fuzz.hpp"
#include "plugin/manifest.hpp"

using namespace toolpost;

namespace {

void check_method(const MethodManifest& method) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  hold(!method.name.empty() && method.name.size() <= 64 &&
           method.name.find_first_not_of(kLetters) == std::string::npos,
       "a method's name is plain");
  hold(!method.description.empty() || !method.name.empty(), "a method has its fields");
  hold(method.title.size() <= 128, "a title is short");
  hold(method.input_schema.size() <= 128 << 10, "a schema is bounded");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto manifest = parse_manifest(fuzz_text(data, size));
  if (!manifest) {
    hold(manifest.error().code == Errc::incompatible, "a bad manifest is incompatible");
    hold(is_one_plain_line(manifest.error().message), "a refusal is one plain line");
    hold(manifest.error().message.size() <= 8192, "a refusal is bounded");
    return 0;
  }
  hold(manifest->abi == 1 && manifest->id.size() <= 128, "id and abi are checked");
  hold(!manifest->methods.empty() && manifest->methods.size() <= 64, "1 to 64 methods");
  std::set<std::string> names;
  for (const MethodManifest& method : manifest->methods) {
    check_method(method);
    hold(names.insert(method.name).second, "no name is used twice");
  }
  const auto& known = known_effect_kinds();
  for (const auto* kinds : {&manifest->required, &manifest->optional}) {
    for (const std::string& kind : *kinds)
      hold(std::find(known.begin(), known.end(), kind) != known.end(), "only known effects are asked for");
  }
  return 0;
}
