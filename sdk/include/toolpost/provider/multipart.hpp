#pragma once
// File transfers: base64, and bodies of type multipart/form-data. The host takes bytes as base64 only, so a
// form is built here and handed over as one.

#include <toolpost/plugin.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace toolpost::provider {

inline std::string to_base64_text(std::string_view bytes) {
  static constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k)
      word = word << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k > bytes.size() ? '=' : kLetters[word >> (18 - 6 * k) & 63];
  }
  return out;
}

/// Padded standard base64. Throws INVALID_INPUT for anything else.
inline std::string from_base64_text(std::string_view text) {
  const auto value = [](char c) -> int {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
  };
  const Error wrong(TOOLPOST_INVALID_INPUT, "data_base64 is not padded standard base64");
  if (text.size() % 4 != 0) throw wrong;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const std::size_t padding = !last || text[i + 3] != '=' ? 0 : text[i + 2] == '=' ? 2 : 1;
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const int bits = k >= 4 - padding ? 0 : value(text[i + k]);
      if (bits < 0) throw wrong;
      word = word << 6 | static_cast<std::uint32_t>(bits);
    }
    for (std::size_t k = 0; k < 3 - padding; ++k) out += static_cast<char>(word >> (16 - 8 * k) & 255);
  }
  return out;
}

/// A file as the neutral `upload` and `extract` methods get it.
struct FileToSend {
  std::string name;
  std::string media_type;
  std::string bytes;

  /// Throws INVALID_INPUT for a name that would not survive a header, or data that is no base64.
  explicit FileToSend(const json& request)
      : name(request.value("name", "")),
        media_type(request.value("media_type", "application/octet-stream")),
        bytes(from_base64_text(request.value("data_base64", ""))) {
    for (const std::string* text : {&name, &media_type}) {
      if (text->empty() || text->size() > 255 ||
          text->find_first_of(std::string_view("\"\\\r\n\0", 5)) != std::string::npos)
        throw Error(TOOLPOST_INVALID_INPUT,
                    "name and media_type have 1 to 255 bytes, without quotes, backslashes and line ends");
    }
  }
};

/// Adds body and content type to the http request `order`. The boundary depends on nothing but the content,
/// so a rerun sends the same bytes.
inline void add_form(json& order, const std::vector<std::pair<std::string, std::string>>& fields,
                     const FileToSend& file) {
  std::string boundary = "toolpost-form";
  while (file.bytes.find(boundary) != std::string::npos) boundary += "-x";
  const auto begin = [&](const std::string& name) {
    return "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + name + "\"";
  };
  std::string body;
  for (const auto& [name, value] : fields) body += begin(name) + "\r\n\r\n" + value + "\r\n";
  body += begin("file") + "; filename=\"" + file.name + "\"\r\nContent-Type: " + file.media_type + "\r\n\r\n";
  body += file.bytes + "\r\n--" + boundary + "--\r\n";
  order["headers"]["content-type"] = "multipart/form-data; boundary=" + boundary;
  order["body_base64"] = to_base64_text(body);
}

}  // namespace toolpost::provider
