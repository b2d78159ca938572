#include "telemetry/file_sink.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

namespace toolpost {
namespace {

constexpr std::size_t kUnwrittenMax = 8 << 10;

std::uint64_t lines_in(std::string_view text) {
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

FileSink::FileSink(const LogSettings& settings)
    : file_(settings.file), bytes_max_(settings.file_bytes_max), old_files_max_(settings.old_files_max) {}

int FileSink::open() {
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(file_).parent_path(), ignored);
  return open_file();
}

/// Created with mode 0600, so no umask ever leaves it readable for a moment.
int FileSink::open_file() {
  const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | (anew_ ? O_TRUNC : 0);
  fd_.reset(::open(file_.c_str(), flags, 0600));
  struct stat status{};
  if (!fd_ || ::fstat(fd_.get(), &status) != 0) return errno;
  static_cast<void>(::fchmod(fd_.get(), 0600));
  size_ = static_cast<std::uint64_t>(status.st_size);
  anew_ = false;
  torn_ = false;
  return 0;
}

void FileSink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  const std::uint64_t before = size_ + unwritten_.size();
  if (before > 0 && before + line.size() > bytes_max_) {
    flush_();
    rotate();
  }
  unwritten_.append(line.data(), line.size());
  if (unwritten_.size() >= kUnwrittenMax) flush_();
}

void FileSink::flush_() {
  if (unwritten_.empty()) return;
  std::size_t written = 0;
  if (fd_ || open_file() == 0) {
    if (torn_ && write("\n") == 1) torn_ = false;
    if (!torn_) {
      written = write(unwritten_);
      torn_ = written > 0 && unwritten_[written - 1] != '\n';
    }
  }
  if (written < unwritten_.size())
    lost_.fetch_add(lines_in(std::string_view(unwritten_).substr(written)), std::memory_order_relaxed);
  unwritten_.clear();
}

/// How many bytes the disk took.
std::size_t FileSink::write(std::string_view bytes) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t count = ::write(fd_.get(), bytes.data() + written, bytes.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    written += static_cast<std::size_t>(count);
  }
  size_ += written;
  return written;
}

/// "log.jsonl" becomes "log.1.jsonl", that one "log.2.jsonl", and the last one goes.
void FileSink::rotate() {
  fd_.reset();
  for (std::uint64_t number = old_files_max_; number > 0; --number)
    static_cast<void>(std::rename(old_name(number - 1).c_str(), old_name(number).c_str()));
  anew_ = true;
  size_ = 0;
  open_file();  // or the next lines do
}

std::string FileSink::old_name(std::uint64_t number) const {
  if (number == 0) return file_;
  const std::filesystem::path path(file_);
  const std::string extension = path.extension().string();
  return file_.substr(0, file_.size() - extension.size()) + "." + std::to_string(number) + extension;
}

}  // namespace toolpost
