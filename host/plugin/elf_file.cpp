#include "plugin/elf_file.hpp"

#include <elf.h>

#include <cstring>
#include <optional>
#include <utility>

namespace toolpost {
namespace {

constexpr std::size_t kSectionsMax = 4096;
constexpr std::size_t kSegmentsMax = 256;
constexpr std::size_t kDynamicMax = 4096;
constexpr std::size_t kNeededMax = 256;  // libraries; a real plugin has a handful
constexpr std::size_t kNameMax = 4096;

Error broken(const std::string& what) {
  return {Errc::incompatible, "not a usable shared library: " + what};
}

/// DT_AUXILIARY and DT_FILTER name libraries to open as well, for what a filtered library leaves to others.
bool loads_library(Elf64_Sxword tag) {
  return tag == DT_NEEDED || tag == DT_AUXILIARY || tag == DT_FILTER;
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

/// The bytes that the loader will have at addresses, as it maps the file: by program headers, in whole pages.
/// An address whose page belongs to two segments has none, since which of them wins is the loader's business.
class LoadedView {
 public:
  LoadedView(const Image& image, std::vector<Elf64_Phdr> loads) : image_(image), loads_(std::move(loads)) {}

  /// From `address` to the end of its segment in the file.
  std::optional<std::string_view> from(std::uint64_t address) const {
    const Elf64_Phdr* owner = nullptr;
    for (const Elf64_Phdr& load : loads_) {
      const std::uint64_t first = load.p_vaddr & ~(kPage - 1);
      const std::uint64_t end = (load.p_vaddr + load.p_memsz + kPage - 1) & ~(kPage - 1);
      if (end < first) return std::nullopt;  // it wraps around
      if (address < first || address >= end) continue;
      if (owner != nullptr) return std::nullopt;
      owner = &load;
    }
    if (owner == nullptr || address < owner->p_vaddr || address - owner->p_vaddr >= owner->p_filesz)
      return std::nullopt;
    const std::uint64_t skip = address - owner->p_vaddr;
    return image_.range(owner->p_offset + skip, owner->p_filesz - skip);
  }

 private:
  static constexpr std::uint64_t kPage = 4096;
  const Image& image_;
  std::vector<Elf64_Phdr> loads_;
};

/// What the loader would do: DT_NEEDED and its kin, and where it would look for them. Read through the
/// program headers, as the loader does; section headers are for people and may say something else.
Result<void> read_dynamic(const Image& image, const Elf64_Ehdr& header, ElfFacts& facts) {
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > kSegmentsMax) {
    return broken("its program headers are out of bounds");
  }
  std::vector<Elf64_Phdr> loads;
  std::optional<Elf64_Phdr> dynamic;
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    const auto segment = image.at<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr));
    if (!segment) return broken("its program headers are cut off");
    if (segment->p_type == PT_LOAD) loads.push_back(*segment);
    if (segment->p_type != PT_DYNAMIC) continue;
    if (dynamic) return broken("it has two dynamic tables");
    dynamic = segment;
  }
  if (!dynamic) return broken("it has no dynamic table");

  const LoadedView view(image, std::move(loads));
  const auto table = view.from(dynamic->p_vaddr);
  if (!table) return broken("its dynamic table is not in one segment of the file");
  std::vector<Elf64_Dyn> names;
  std::uint64_t strings_at = 0;
  std::uint64_t strings_size = 0;
  bool ended = false;
  for (std::size_t i = 0; i < kDynamicMax && !ended; ++i) {
    const auto entry = Image(*table).at<Elf64_Dyn>(i * sizeof(Elf64_Dyn));
    if (!entry) return broken("its dynamic table is cut off");
    ended = entry->d_tag == DT_NULL;
    if (entry->d_tag == DT_STRTAB) strings_at = entry->d_un.d_ptr;
    if (entry->d_tag == DT_STRSZ) strings_size = entry->d_un.d_val;
    if (loads_library(entry->d_tag) || entry->d_tag == DT_RPATH || entry->d_tag == DT_RUNPATH)
      names.push_back(*entry);
  }
  if (!ended) return broken("its dynamic table is out of bounds");
  if (names.empty()) return {};
  const auto strings = view.from(strings_at);
  if (!strings || strings->size() < strings_size) return broken("its dynamic names are out of bounds");
  for (const Elf64_Dyn& entry : names) {
    // The loader does not look at DT_STRSZ, so neither is a name cut off there.
    const auto name = Image::text(*strings, entry.d_un.d_val);
    if (!name) return broken("a name in its dynamic table is out of bounds");
    if (!loads_library(entry.d_tag)) {
      facts.run_path = *name;
    } else if (facts.needed.size() == kNeededMax) {
      return broken("it needs more than 256 libraries");
    } else {
      facts.needed.emplace_back(*name);
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
    }
  }
  if (!found) {
    return broken("it has no section " + std::string(section_name) + "; build it with toolpost_add_plugin()");
  }
  if (auto read = read_dynamic(image, *header, facts); !read) return read.error();
  return facts;
}

}  // namespace toolpost
