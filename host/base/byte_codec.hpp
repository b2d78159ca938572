#pragma once
// Length-prefixed binary records in host byte order, for frames between processes of one machine.
// The reader never trusts a length: past the end it fails once and stays failed.

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace toolpost {

class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  template <typename T>
  void number(T value) {
    static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  /// At most 4 GiB - 1; callers bound what they pass long before.
  void bytes(std::string_view text) {
    number(static_cast<std::uint32_t>(text.size()));
    out_.append(text);
  }

 private:
  std::string& out_;
};

class ByteReader {
 public:
  explicit ByteReader(std::string_view in) : in_(in) {}

  template <typename T>
  T number() {
    static_assert(std::is_arithmetic_v<T>);
    T value{};
    if (in_.size() < sizeof value) {
      failed_ = true;
      in_ = {};
      return value;
    }
    in_.copy(reinterpret_cast<char*>(&value), sizeof value);
    in_.remove_prefix(sizeof value);
    return value;
  }
  /// Borrowed from the input.
  std::string_view bytes() {
    const auto size = number<std::uint32_t>();
    if (failed_ || in_.size() < size) {
      failed_ = true;
      in_ = {};
      return {};
    }
    const std::string_view text = in_.substr(0, size);
    in_.remove_prefix(size);
    return text;
  }

  bool failed() const { return failed_; }
  /// True when everything was read and nothing failed.
  bool finished() const { return !failed_ && in_.empty(); }

 private:
  std::string_view in_;
  bool failed_ = false;
};

}  // namespace toolpost
