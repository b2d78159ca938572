#include "plugin/elf_file.hpp"

#include <elf.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "catch.hpp"
#include "toolpost/plugin.h"

using namespace toolpost;

namespace {

template <typename Record>
std::string bytes_of(const Record& record) {
  return {reinterpret_cast<const char*>(&record), sizeof record};
}

/// A library that is nothing but tables: what read_elf looks at, in the order of the file.
struct Library {
  std::string section_names =
      std::string("\0.names\0.text\0", 14) + TOOLPOST_MANIFEST_SECTION + std::string(1, '\0');
  std::string names = std::string("\0libc.so.6\0", 11);
  std::vector<Elf64_Dyn> dynamic{{DT_NEEDED, {1}}, {DT_NULL, {0}}};
  std::string manifest = "schema = 1\n";
  std::size_t dynamic_sections = 1;

  std::string image() const {
    std::string body;
    const auto add = [&](std::uint32_t name, std::uint32_t type, const std::string& content) {
      Elf64_Shdr section{};
      section.sh_name = name;
      section.sh_type = type;
      section.sh_offset = sizeof(Elf64_Ehdr) + body.size();
      section.sh_size = content.size();
      section.sh_link = 1;
      body += content;
      return section;
    };
    std::vector<Elf64_Shdr> sections{add(1, SHT_STRTAB, section_names), add(1, SHT_STRTAB, names),
                                     add(14, SHT_PROGBITS, manifest)};
    std::string table;
    for (const Elf64_Dyn& entry : dynamic) table += bytes_of(entry);
    sections.insert(sections.end(), dynamic_sections, add(8, SHT_DYNAMIC, table));
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = ET_DYN;
#if defined(__aarch64__)
    header.e_machine = EM_AARCH64;
#else
    header.e_machine = EM_X86_64;
#endif
    header.e_shoff = sizeof header + body.size();
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = static_cast<std::uint16_t>(sections.size());
    std::string whole = bytes_of(header) + body;
    for (const Elf64_Shdr& section : sections) whole += bytes_of(section);
    return whole;
  }
};

Result<ElfFacts> read(const Library& library) {
  return read_elf(library.image(), TOOLPOST_MANIFEST_SECTION, 4096);
}
std::string refusal(const Library& library) {
  const auto facts = read(library);
  return facts ? "" : facts.error().message;
}

}  // namespace

TEST_CASE("elf file: section, libraries and library path are told", "[plugin]") {
  Library library;
  library.dynamic.insert(library.dynamic.begin(), {DT_RUNPATH, {4}});
  const auto facts = read(library);
  REQUIRE(facts);
  CHECK(facts->section == "schema = 1\n");
  CHECK(facts->needed == std::vector<std::string>{"libc.so.6"});
  CHECK(facts->run_path == "c.so.6");
}

TEST_CASE("elf file: tables that point at each other again and again cost no memory", "[plugin]") {
  Library library;
  library.names = std::string(1, '\0') + std::string(4096, 'n') + std::string(1, '\0');
  library.dynamic.assign(256, {DT_NEEDED, {1}});
  CHECK(read(library)->needed.size() == 256);
  library.dynamic_sections = 2;
  CHECK(refusal(library).find("two dynamic tables") != std::string::npos);
  library.dynamic_sections = 1;
  library.dynamic.push_back({DT_NEEDED, {1}});
  CHECK(refusal(library).find("more than 256 libraries") != std::string::npos);
}

TEST_CASE("elf file: a name without an end is refused, whatever follows it in the file", "[plugin]") {
  Library library;
  library.names = std::string(1, '\0') + std::string(4097, 'n') + std::string(1, '\0');
  CHECK(refusal(library).find("out of bounds") != std::string::npos);
  library.names = std::string(1, '\0') + "libc.so.6";
  CHECK(refusal(library).find("out of bounds") != std::string::npos);
}

TEST_CASE("elf file: a real plugin at every cut is refused or read, never past its end", "[plugin]") {
  std::ifstream file(TOOLPOST_BINARY_DIR "/lib/toolpost/plugins/echo.so", std::ios::binary);
  const std::string image(std::istreambuf_iterator<char>(file), {});
  REQUIRE(read_elf(image, TOOLPOST_MANIFEST_SECTION, 1 << 18));
  for (std::size_t size = 0; size < image.size(); size += 7)
    CHECK_FALSE(read_elf(std::string(image, 0, size), TOOLPOST_MANIFEST_SECTION, 1 << 18));
}
