#pragma once
// Reads what the host must know of a shared library without running any of it: one section's bytes and the
// loader's instructions. Every offset and count is checked against the file; nothing is allocated from a
// number in it, and what is read is bounded: one dynamic table, 256 libraries, names of 4096 bytes. The
// section is found by section headers, the loader's instructions by program headers, since those are what the
// loader follows.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace toolpost {

struct ElfFacts {
  std::string section;              // content of the section asked for
  std::vector<std::string> needed;  // DT_NEEDED, DT_AUXILIARY, DT_FILTER, as the loader will read them
  std::string run_path;             // DT_RPATH or DT_RUNPATH, empty if none
};

/// `image` is the whole file. Errors: incompatible, saying what is wrong with it. Section content above
/// `section_max` bytes is refused.
Result<ElfFacts> read_elf(std::string_view image, std::string_view section_name, std::size_t section_max);

}  // namespace toolpost
