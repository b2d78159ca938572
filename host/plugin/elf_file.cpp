#include "plugin/elf_file.hpp"

#include <elf.h>

#include <cstring>
#include <optional>
#include <utility>

namespace toolpost {
namespace {

constexpr std::size_t kSectionsMax = 4096;
constexpr std::size_t kDynamicMax = 4096;
constexpr std::size_t kNeededMax = 256;  // libraries; a real plugin has a handful
constexpr std::size_t kNameMax = 4096;

Error broken(const std::string& what) {
  return {Errc::incompatible, "not a usable shared library: " + what};
}

class Image {
 public:
  explicit Image(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  std::optional<T> at(std::uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return std::nullopt;
    T record;
    std::memcpy(&record, bytes_.data() + offset, sizeof record);
    return record;
  }
  std::optional<std::string_view> range(std::uint64_t offset, std::uint64_t size) const {
    if (offset > bytes_.size() || bytes_.size() - offset < size) return std::nullopt;
    return bytes_.substr(offset, size);
  }
  static std::optional<std::string_view> text(std::string_view table, std::uint64_t offset) {
    if (offset >= table.size()) return std::nullopt;
    const std::string_view longest = table.substr(offset, kNameMax + 1);  // or each name costs the whole file
    const std::size_t end = longest.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    return longest.substr(0, end);
  }

 private:
  std::string_view bytes_;
};

Result<Elf64_Ehdr> read_header(const Image& image) {
  const auto header = image.at<Elf64_Ehdr>(0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return broken("no ELF header");
#if defined(__x86_64__)
  constexpr int kMachine = EM_X86_64;
#elif defined(__aarch64__)
  constexpr int kMachine = EM_AARCH64;
#else
#error "say which ELF machine this is"
#endif
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
      header->e_machine != kMachine) {
    return broken("it was built for another kind of machine");
  }
  if (header->e_type != ET_DYN) return broken("it is no shared library");
  if (header->e_shentsize != sizeof(Elf64_Shdr) || header->e_shnum == 0 || header->e_shnum > kSectionsMax) {
    return broken("its section table is missing or out of bounds");
  }
  return *header;
}

Result<void> read_dynamic(const Image& image, const Elf64_Shdr& dynamic, std::string_view strings,
                          ElfFacts& facts) {
  const std::uint64_t count = dynamic.sh_size / sizeof(Elf64_Dyn);
  if (count > kDynamicMax) return broken("its dynamic table is out of bounds");
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto entry = image.at<Elf64_Dyn>(dynamic.sh_offset + i * sizeof(Elf64_Dyn));
    if (!entry) return broken("its dynamic table is cut off");
    if (entry->d_tag == DT_NULL) break;
    if (entry->d_tag != DT_NEEDED && entry->d_tag != DT_RPATH && entry->d_tag != DT_RUNPATH) continue;
    const auto name = Image::text(strings, entry->d_un.d_val);
    if (!name) return broken("a name in its dynamic table is out of bounds");
    if (entry->d_tag == DT_NEEDED) {
      if (facts.needed.size() == kNeededMax) return broken("it needs more than 256 libraries");
      facts.needed.emplace_back(*name);
    } else {
      facts.run_path = *name;
    }
  }
  return {};
}

}  // namespace

Result<ElfFacts> read_elf(std::string_view bytes, std::string_view section_name, std::size_t section_max) {
  const Image image(bytes);
  const auto header = read_header(image);
  if (!header) return header.error();
  const auto section_at = [&](std::size_t index) {
    return image.at<Elf64_Shdr>(header->e_shoff + index * sizeof(Elf64_Shdr));
  };
  const auto names_section = section_at(header->e_shstrndx);
  const auto names =
      names_section ? image.range(names_section->sh_offset, names_section->sh_size) : std::nullopt;
  if (!names) return broken("its section names are out of bounds");

  ElfFacts facts;
  bool found = false;
  bool dynamic_read = false;
  for (std::size_t i = 0; i < header->e_shnum; ++i) {
    const auto section = section_at(i);
    if (!section) return broken("its section table is cut off");
    const auto name = Image::text(*names, section->sh_name);
    if (!name) return broken("a section name is out of bounds");
    if (*name == section_name && !found) {
      const auto content = image.range(section->sh_offset, section->sh_size);
      if (!content || section->sh_type == SHT_NOBITS || section->sh_size > section_max) {
        return broken("section " + std::string(section_name) + " is out of bounds");
      }
      facts.section = *content;
      found = true;
    } else if (section->sh_type == SHT_DYNAMIC) {
      if (std::exchange(dynamic_read, true)) return broken("it has two dynamic tables");
      const auto strings_section = section_at(section->sh_link);
      const auto strings =
          strings_section ? image.range(strings_section->sh_offset, strings_section->sh_size) : std::nullopt;
      if (!strings) return broken("its dynamic names are out of bounds");
      if (auto read = read_dynamic(image, *section, *strings, facts); !read) return read.error();
    }
  }
  if (!found) {
    return broken("it has no section " + std::string(section_name) + "; build it with toolpost_add_plugin()");
  }
  return facts;
}

}  // namespace toolpost
