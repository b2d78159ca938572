#pragma once
// Files on their way to a provider: read whole through the host, which decides what may be read, and given
// the name, the media type and the base64 that the providers' methods `upload` and `extract` take.

#include <toolpost/provider/failure.hpp>
#include <toolpost/provider/multipart.hpp>
#include <toolpost/workflow/fields.hpp>

#include <string>
#include <utility>
#include <vector>

namespace vendor {

using toolpost::json;

constexpr std::size_t kNameBytesMax = 200;  // of a file's name as the provider gets it

/// The last part of a path, without what a header cannot hold.
inline std::string name_of(const std::string& path) {
  std::string name = path.substr(path.rfind('/') + 1);
  for (char& letter : name)
    if (letter == '"' || letter == '\\' || static_cast<unsigned char>(letter) < 0x20) letter = '_';
  if (name.size() > kNameBytesMax) {  // the end says what kind of file it is
    std::size_t cut = name.size() - kNameBytesMax;
    while (cut < name.size() && (static_cast<unsigned char>(name[cut]) & 0xc0) == 0x80) ++cut;
    name = name.substr(cut);
  }
  return name.empty() ? "file" : name;
}

/// By the name's ending; `text` is whether the content is text.
inline std::string media_type_of(const std::string& name, bool text) {
  const std::size_t dot = name.rfind('.');
  const std::string ending =
      dot == std::string::npos ? "" : toolpost::provider::lower_text(name.substr(dot + 1));
  static const std::vector<std::pair<const char*, const char*>> kTypes = {
      {"pdf", "application/pdf"},
      {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
      {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
      {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
      {"doc", "application/msword"},
      {"xls", "application/vnd.ms-excel"},
      {"ppt", "application/vnd.ms-powerpoint"},
      {"csv", "text/csv"},
      {"html", "text/html"},
      {"md", "text/markdown"},
      {"json", "application/json"},
      {"png", "image/png"},
      {"jpg", "image/jpeg"},
      {"jpeg", "image/jpeg"},
      {"gif", "image/gif"},
      {"webp", "image/webp"}};
  for (const auto& [known, type] : kTypes)
    if (ending == known) return type;
  return text ? "text/plain" : "application/octet-stream";
}

/// The file.read request for a whole file. The host refuses one above files.file_bytes_max, so there are no
/// pieces.
inline json whole_file_request(const std::string& path) {
  return {{"path", path}, {"binary", true}};
}

/// The members of an `upload` or `extract` request that say what is sent, from the answer to file.read.
/// Throws INVALID_INPUT for an empty file, which no provider takes.
inline json file_to_send(const std::string& path, const json& read) {
  const bool text = read.contains("text");
  const std::string content = read.value(text ? "text" : "base64", "");
  if (content.empty()) throw toolpost::Error(TOOLPOST_INVALID_INPUT, "path " + path + " is empty");
  const std::string name = name_of(path);
  return {{"name", name},
          {"media_type", media_type_of(name, text)},
          {"data_base64", text ? toolpost::provider::to_base64_text(content) : content}};
}

}  // namespace vendor
