#pragma once
// Shows images to a model: paths and data URLs become parts of a message. What could not be shown is named
// with the reason, as with files.

#include <toolpost/provider/multipart.hpp>
#include <toolpost/workflow/fields.hpp>

#include <cstdint>

namespace toolpost::workflow {

constexpr std::size_t kImagesShownMax = 5;
constexpr std::size_t kImageLettersMax =
    8'000'000;  // base64 of all images of one question, about 6 MB of images

struct ShownImages {
  json parts = json::array();  // of a message's content
  std::vector<std::string> shown;
  json left_out = json::array();  // of {path, reason}
};

inline bool is_data_url(const std::string& image) {
  return image.compare(0, 5, "data:") == 0;
}

/// What is kept and told of an image: its path, or of a data URL its type, its size and a number that tells
/// it from others (FNV-1a, 32 bits).
inline std::string image_label(const std::string& image) {
  const std::size_t comma = image.find(',');
  if (!is_data_url(image) || comma == std::string::npos) return image.substr(0, 4096);
  const std::string type = image.substr(5, std::min(comma, image.find(';')) - 5);
  std::uint32_t mark = 2'166'136'261;
  for (const char letter : image) mark = (mark ^ static_cast<unsigned char>(letter)) * 16'777'619;
  return "data:" + type.substr(0, 40) + " of " + std::to_string((image.size() - comma - 1) / 4 * 3) +
         " bytes (" + std::to_string(mark) + ")";
}

/// The media type that the first bytes tell, whatever the name says; empty for what models do not take.
/// PNG, JPEG, GIF and WebP are what every vendor's documentation lists.
inline std::string image_type(const std::string& base64) {
  constexpr std::size_t kHeadLetters = 16;  // 12 bytes, as far as WebP's mark goes
  std::string head;
  try {
    head = provider::from_base64_text(std::string_view(base64).substr(0, kHeadLetters));
  } catch (const Error&) {
    return {};
  }
  if (head.compare(0, 8, "\x89PNG\r\n\x1a\n") == 0) return "image/png";
  if (head.compare(0, 3, "\xff\xd8\xff") == 0) return "image/jpeg";
  if (head.compare(0, 6, "GIF87a") == 0 || head.compare(0, 6, "GIF89a") == 0) return "image/gif";
  if (head.compare(0, 4, "RIFF") == 0 && head.compare(8, 4, "WEBP") == 0) return "image/webp";
  return {};
}

/// The base64 of a data URL. Errors: invalid_input, naming what is wrong.
inline std::string data_of(const std::string& url) {
  const std::size_t comma = url.find(',');
  if (comma == std::string::npos)  // a label of an earlier step
    throw Error(TOOLPOST_INVALID_INPUT, "its data is not kept; give it with the last step");
  if (url.substr(0, comma).find(";base64") == std::string::npos)
    throw Error(TOOLPOST_INVALID_INPUT, "a data URL must hold base64");
  std::string data = url.substr(comma + 1);
  provider::from_base64_text(data);
  return data;
}

/// Reads `images` (all at once): paths beneath the roots, and data URLs. Of too many the last are shown.
inline ShownImages show_images(Call& call, std::vector<std::string> images) {
  ShownImages result;
  const auto leave_out = [&](const std::string& image, const std::string& reason) {
    result.left_out.push_back({{"path", image_label(image)}, {"reason", reason}});
  };
  const std::size_t extra = images.size() - std::min(images.size(), kImagesShownMax);
  for (std::size_t i = 0; i < extra; ++i)
    leave_out(images[i], "only the " + std::to_string(kImagesShownMax) + " images named last are shown");
  images.erase(images.begin(), images.begin() + static_cast<std::ptrdiff_t>(extra));
  std::vector<Effect> reads(images.size());
  for (std::size_t i = 0; i < images.size(); ++i)
    if (!is_data_url(images[i])) reads[i] = call.start("file.read", {{"path", images[i]}, {"binary", true}});
  std::size_t letters = 0;
  for (std::size_t i = 0; i < images.size(); ++i) {
    try {
      const std::string data =
          is_data_url(images[i]) ? data_of(images[i]) : text_field(call.wait(reads[i]), "base64");
      const std::string type = image_type(data);
      if (type.empty()) {
        leave_out(images[i], "no PNG, JPEG, GIF or WebP image");
      } else if (letters + data.size() > kImageLettersMax) {
        leave_out(images[i], "with it the images would be larger than " + std::to_string(kImageLettersMax) +
                                 " letters of base64");
      } else {
        letters += data.size();
        result.parts.push_back({{"type", "image"}, {"media_type", type}, {"data_base64", data}});
        result.shown.push_back(image_label(images[i]));
      }
    } catch (const Error& error) {
      leave_out(images[i], error.what());
    }
  }
  return result;
}

/// A message's content: the text, and after it the images.
inline json content_of(const std::string& text, const json& images) {
  if (images.empty()) return text;
  json parts = json::array({{{"type", "text"}, {"text", text}}});
  parts.insert(parts.end(), images.begin(), images.end());
  return parts;
}

}  // namespace toolpost::workflow
