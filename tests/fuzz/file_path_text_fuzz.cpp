// Paths of a plugin: an accepted one has plain names only and nothing that goes up, a refused one is shown
// safely.
#include "effect/file/file_path_text.hpp"
#include "fuzz.hpp"
#include "json/invisible.hpp"
#include "json/utf8.hpp"

using namespace toolpost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view path = fuzz_text(data, size);
  const std::string shown = shown_file_path(path);
  hold(shown.size() <= 220 && is_one_plain_line(shown), "a path is shown short and plain");
  hold(!has_invisible(shown), "a path is shown without what cannot be seen");
  hold(utf8_prefix_bytes(path) == path.size() == is_valid_utf8(path), "both checks of UTF-8 agree");
  const auto names = split_file_path(path);
  if (!names) {
    hold(names.error().code == Errc::invalid_input, "a bad path is the caller's fault");
    hold(is_one_plain_line(names.error().message) && names.error().message.size() < 400,
         "a refusal is short");
    return 0;
  }
  hold(path.size() <= kFilePathBytesMax, "a path is bounded");
  std::string joined = "/";
  for (const std::string& name : *names) {
    hold(is_plain_file_name(name), "every name is plain");
    hold(name != "." && name != ".." && name.find('/') == std::string::npos, "no name leads elsewhere");
    hold(name.find('\0') == std::string::npos && !has_invisible(name), "every name is seen as it is");
    joined += name + "/";
  }
  if (joined.size() <= kFilePathBytesMax)
    hold(split_file_path(joined).value() == *names, "the names make the same path again");
  return 0;
}
