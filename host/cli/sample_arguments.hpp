#pragma once
// A manifest's sample may name a file that does not exist before it is needed.

#include <string>

namespace toolpost {

/// What stands in a sample for the path of a small text file.
constexpr const char* kSampleFile = "${SAMPLE_FILE}";

/// The sample with `path` in that place. `path` holds nothing that JSON would escape.
inline std::string with_sample_file(std::string sample, const std::string& path) {
  const std::string mark = kSampleFile;
  for (std::size_t at = sample.find(mark); at != std::string::npos; at = sample.find(mark, at + path.size()))
    sample.replace(at, mark.size(), path);
  return sample;
}

}  // namespace toolpost
