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

/// A library that is nothing but tables: what read_elf looks at, in the order of the file. One segment holds
/// the dynamic table and then its names, to its last byte.
struct Library {
  static constexpr std::uint64_t kAddress = 0x10000;
  std::string section_names =
      std::string("\0.names\0.text\0", 14) + TOOLPOST_MANIFEST_SECTION + std::string(1, '\0');
  std::string names = std::string("\0libc.so.6\0", 11);
  std::vector<Elf64_Dyn> dynamic{{DT_NEEDED, {1}}, {DT_NULL, {0}}};  // DT_STRTAB is put before
  std::string manifest = "schema = 1\n";
  std::size_t dynamic_segments = 1;
  std::vector<Elf64_Phdr> more_segments;
  std::string section_table;  // what a section header calls the dynamic table, if anything

  std::string image() const {
    const std::size_t segments = 1 + dynamic_segments + more_segments.size();
    std::string body(segments * sizeof(Elf64_Phdr), '\0');
    const auto append = [&](const std::string& content) {
      const std::uint64_t at = sizeof(Elf64_Ehdr) + body.size();
      body += content;
      return at;
    };
    const auto section = [&](std::uint32_t name, std::uint32_t type, const std::string& content) {
      Elf64_Shdr header{};
      header.sh_name = name;
      header.sh_type = type;
      header.sh_offset = append(content);
      header.sh_size = content.size();
      return header;
    };
    std::vector<Elf64_Shdr> sections{section(1, SHT_STRTAB, section_names),
                                     section(14, SHT_PROGBITS, manifest)};
    if (!section_table.empty()) sections.push_back(section(8, SHT_DYNAMIC, section_table));

    const std::size_t table_bytes = (dynamic.size() + 1) * sizeof(Elf64_Dyn);
    std::string table = bytes_of(Elf64_Dyn{DT_STRTAB, {kAddress + table_bytes}});
    for (const Elf64_Dyn& entry : dynamic) table += bytes_of(entry);
    Elf64_Phdr load{};
    load.p_type = PT_LOAD;
    load.p_offset = append(table + names);
    load.p_vaddr = kAddress;
    load.p_filesz = load.p_memsz = table_bytes + names.size();
    Elf64_Phdr dynamic_segment = load;
    dynamic_segment.p_type = PT_DYNAMIC;
    dynamic_segment.p_offset = 0;  // the loader goes by the address
    std::vector<Elf64_Phdr> headers{load};
    headers.insert(headers.end(), dynamic_segments, dynamic_segment);
    headers.insert(headers.end(), more_segments.begin(), more_segments.end());
    for (std::size_t i = 0; i < segments; ++i)
      body.replace(i * sizeof(Elf64_Phdr), sizeof(Elf64_Phdr), bytes_of(headers[i]));

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
    header.e_phoff = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = static_cast<std::uint16_t>(segments);
    header.e_shoff = sizeof header + body.size();
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = static_cast<std::uint16_t>(sections.size());
    std::string whole = bytes_of(header) + body;
    for (const Elf64_Shdr& one : sections) whole += bytes_of(one);
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
  library.dynamic.assign(257, {DT_NEEDED, {1}});
  library.dynamic.back() = {DT_NULL, {0}};
  CHECK(read(library)->needed.size() == 256);
  library.dynamic_segments = 2;
  CHECK(refusal(library).find("two dynamic tables") != std::string::npos);
  library.dynamic_segments = 0;
  CHECK(refusal(library).find("no dynamic table") != std::string::npos);
  library.dynamic_segments = 1;
  library.dynamic.insert(library.dynamic.begin(), {DT_NEEDED, {1}});
  CHECK(refusal(library).find("more than 256 libraries") != std::string::npos);
}

TEST_CASE("elf file: what the loader will do is believed, not what section headers say", "[plugin]") {
  Library library;
  library.dynamic.insert(library.dynamic.begin(), {DT_RPATH, {1}});
  library.section_table = bytes_of(Elf64_Dyn{DT_NULL, {0}});  // the harmless table that people would be shown
  const auto facts = read(library);
  REQUIRE(facts);
  CHECK(facts->run_path == "libc.so.6");
}

TEST_CASE("elf file: libraries opened for a filter count as needed", "[plugin]") {
  Library library;
  library.dynamic = {{DT_AUXILIARY, {1}}, {DT_FILTER, {4}}, {DT_NULL, {0}}};
  CHECK(read(library)->needed == std::vector<std::string>{"libc.so.6", "c.so.6"});
}

TEST_CASE("elf file: an address that two segments claim is refused", "[plugin]") {
  Library library;
  Elf64_Phdr second{};
  second.p_type = PT_LOAD;
  second.p_vaddr = Library::kAddress + 0xff0;  // another part of the same page
  second.p_filesz = second.p_memsz = 8;
  library.more_segments = {second};
  CHECK(refusal(library).find("not in one segment") != std::string::npos);
  library.more_segments[0].p_vaddr = Library::kAddress + 0x1000;
  CHECK(refusal(library).empty());
  library.more_segments[0].p_memsz =
      UINT64_MAX - Library::kAddress;  // to the end of all addresses, and round
  CHECK_FALSE(refusal(library).empty());
}

TEST_CASE("elf file: a dynamic table without an end is refused", "[plugin]") {
  Library library;
  library.dynamic = {{DT_NEEDED, {1}}};
  library.names = std::string(11, '\0');
  CHECK(refusal(library).find("cut off") != std::string::npos);
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
