// Plugin files: what read_elf tells is in the file, bounded, and costs no more memory than the file is worth.
#include "fuzz.hpp"
#include "plugin/elf_file.hpp"
#include "plugin/manifest.hpp"
#include "toolpost/plugin.h"

using namespace toolpost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view image = fuzz_text(data, size);
  constexpr std::size_t kSectionMax = 4096;
  const auto facts = read_elf(image, TOOLPOST_MANIFEST_SECTION, kSectionMax);
  if (!facts) {
    hold(is_one_plain_line(facts.error().message) && facts.error().message.size() < 300,
         "a refusal is short");
    return 0;
  }
  hold(facts->section.size() <= kSectionMax, "the section keeps its bound");
  hold(image.find(facts->section) != std::string_view::npos, "the section is the file's");
  hold(image.find(facts->run_path) != std::string_view::npos, "the library path is the file's");
  std::size_t bytes = 0;
  for (const std::string& library : facts->needed) {
    hold(image.find(library) != std::string_view::npos, "a library's name is the file's");
    bytes += library.size();
  }
  hold(facts->needed.size() <= 256 && bytes <= 256 * 4096, "the libraries' names are bounded");
  (void)parse_manifest(facts->section);
  return 0;
}
