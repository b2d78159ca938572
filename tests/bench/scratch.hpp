#pragma once
// A state folder of a benchmark's own, gone afterwards.

#include <cstdlib>
#include <filesystem>
#include <string>

namespace toolpost::bench {

class Scratch {
 public:
  Scratch() {
    std::string name = std::filesystem::temp_directory_path() / "toolpost_bench_XXXXXX";
    if (mkdtemp(name.data())) path_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace toolpost::bench
