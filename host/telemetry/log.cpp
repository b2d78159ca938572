#include "telemetry/log.hpp"

#include <spdlog/logger.h>
#include <sys/stat.h>

#include <array>
#include <system_error>

#include "telemetry/file_sink.hpp"
#include "telemetry/stderr_sink.hpp"

namespace toolpost {
namespace {

constexpr std::array<std::string_view, 5> kLevelNames{"debug", "info", "warn", "error", "off"};

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    case Level::off:
      break;
  }
  return spdlog::level::off;
}

bool is_regular_or_new(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode);
}

}  // namespace

// Two loggers, since each output has its own text; both only add time and line end.
class Log::Outputs {
 public:
  Outputs(const LogSettings& settings, int text_fd)
      : text_sink_(std::make_shared<StderrSink>(text_fd)), text_("text", text_sink_) {
    prepare(text_, "%Y-%m-%dT%H:%M:%S.%e%z %v");
    if (settings.file.empty()) return;
    file_sink_ = std::make_shared<FileSink>(settings);
    json_.emplace("json", file_sink_);
    prepare(*json_, "{\"time\":\"%Y-%m-%dT%H:%M:%S.%e%z\",%v}");
  }

  /// 0 or an errno.
  int open_file() { return file_sink_ ? file_sink_->open() : 0; }
  spdlog::logger& text() { return text_; }
  spdlog::logger* json() { return json_ ? &*json_ : nullptr; }
  std::uint64_t lost() const {
    return text_sink_->lost() + (file_sink_ ? file_sink_->lost() : 0) +
           failures_.load(std::memory_order_relaxed);
  }

 private:
  void prepare(spdlog::logger& logger, const char* pattern) {
    logger.set_pattern(pattern);
    logger.set_level(spdlog::level::trace);
    logger.flush_on(spdlog::level::warn);
    logger.set_error_handler(
        [this](const std::string&) { failures_.fetch_add(1, std::memory_order_relaxed); });
  }

  std::atomic<std::uint64_t> failures_{0};
  std::shared_ptr<StderrSink> text_sink_;  // shared because spdlog wants it so
  std::shared_ptr<FileSink> file_sink_;    // null without a file
  spdlog::logger text_;
  std::optional<spdlog::logger> json_;
};

Level level_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kLevelNames.size(); ++i)
    if (kLevelNames[i] == name) return static_cast<Level>(i);
  return Level::info;
}

std::string_view name(Level level) {
  return kLevelNames[static_cast<std::size_t>(level)];
}

Result<std::unique_ptr<Log>> Log::open(const LogSettings& settings, const Redactor& redactor, int text_fd) {
  const auto failed = [&](const std::string& why) {
    return Error{Errc::invalid_config, "log.file " + settings.file + " cannot be opened: " + why +
                                           "; name a file in a folder that this user may write"};
  };
  if (!settings.file.empty() && !is_regular_or_new(settings.file)) return failed("it is not a regular file");
  auto outputs = std::make_unique<Outputs>(settings, text_fd);
  if (const int error = outputs->open_file()) return failed(std::generic_category().message(error));
  return std::unique_ptr<Log>(new Log(level_from_name(settings.level), redactor, std::move(outputs)));
}

Log::Log(Level level, const Redactor& redactor, std::unique_ptr<Outputs> outputs)
    : level_(level), redactor_(redactor), outputs_(std::move(outputs)) {}

Log::~Log() {
  flush();
}

void Log::write(Level level, std::string_view event, std::initializer_list<LogField> fields) noexcept {
  try {
    std::string text(name(level));
    text.append(1, ' ').append(event);
    std::string json;
    spdlog::logger* const json_logger = outputs_->json();
    if (json_logger)
      json.append("\"level\":\"").append(name(level)).append("\",\"event\":\"").append(event).append(1, '"');
    for (const LogField& field : fields) {
      std::string masked;
      LogValue::Value value = field.value.value();
      if (auto* words = std::get_if<std::string_view>(&value)) {
        if (redactor_.contains_secret(*words)) {
          masked = redactor_.mask(*words);
          *words = masked;
        }
      }
      append_text_field(text, field.key, value);
      if (json_logger) append_json_field(json, field.key, value);
    }
    outputs_->text().log(spdlog_level(level), spdlog::string_view_t(text.data(), text.size()));
    if (json_logger) json_logger->log(spdlog_level(level), spdlog::string_view_t(json.data(), json.size()));
  } catch (...) {
    // No memory for a log line: the call that is being logged matters more.
  }
}

void Log::flush() noexcept {
  if (spdlog::logger* json_logger = outputs_->json()) json_logger->flush();
}

std::uint64_t Log::lost() const noexcept {
  return outputs_->lost();
}

}  // namespace toolpost
