#include "effect/file/file_effects.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "effect/file/file_listing.hpp"
#include "effect/file/file_path_text.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

constexpr std::size_t kRequestBytesMax = 64 << 10;
constexpr std::uint64_t kReadBytesMin = 4;  // the longest character, so that every read gets on
constexpr std::uint32_t kDepthMax = 8;
constexpr std::uint64_t kEntriesMax = 2000;
constexpr std::size_t kSuffixesMax = 64;

Error bad_request(std::string_view kind, const std::string& why) {
  return {Errc::invalid_input, std::string(kind) + ": " + why};
}

std::string dumped(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<json> parse_request(std::string_view kind, std::string_view text,
                           const std::vector<std::string>& keys) {
  if (text.size() > kRequestBytesMax) return bad_request(kind, "the request is larger than 64 KiB");
  json request = json::parse(text, nullptr, false);
  if (!request.is_object()) return bad_request(kind, "the request is no JSON object");
  for (const auto& [key, value] : request.items()) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    const auto meant = did_you_mean(key, keys);
    return bad_request(
        kind, shown_file_path(key) + " is not known" + (meant ? "; did you mean \"" + *meant + "\"?" : ""));
  }
  return request;
}

Result<std::uint64_t> number_of(std::string_view kind, const json& request, const char* key,
                                std::uint64_t fallback, std::uint64_t min, std::uint64_t max) {
  const auto found = request.find(key);
  if (found == request.end()) return fallback;
  if (found->is_number_unsigned() && *found >= min && *found <= max) return found->get<std::uint64_t>();
  return bad_request(
      kind, "\"" + std::string(key) + "\" must be a whole number from " + std::to_string(min) +
                (max == std::numeric_limits<std::int64_t>::max() ? "" : " to " + std::to_string(max)));
}

Result<std::string> path_of(std::string_view kind, const json& request, const char* fallback) {
  const auto found = request.find("path");
  if (found == request.end() && fallback != nullptr) return std::string(fallback);
  if (found == request.end() || !found->is_string()) return bad_request(kind, "needs \"path\", a string");
  return found->get<std::string>();
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::string_view group = bytes.substr(at, 3);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i)
      bits = bits << 8 | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0u);
    for (std::size_t i = 0; i < 4; ++i) out += i <= group.size() ? kDigits[bits >> (18 - 6 * i) & 63] : '=';
  }
  return out;
}

/// Takes `amount` from `left`, or nothing at all when there is less. Threads: any.
bool take(std::atomic<std::int64_t>& left, std::uint64_t amount) {
  const auto wanted = static_cast<std::int64_t>(amount);
  std::int64_t seen = left.load();
  while (seen >= wanted) {
    if (left.compare_exchange_weak(seen, seen - wanted)) return true;
  }
  return false;
}

Error bytes_spent(std::string_view path, std::uint64_t wanted, const FileSettings& settings) {
  return {Errc::exhausted, "path " + shown_file_path(path) + " would take " + std::to_string(wanted) +
                               " bytes, more than this call has left of files.total_bytes_max = " +
                               std::to_string(settings.total_bytes_max) +
                               "; ask for less, or let the operator raise it"};
}

/// One file's share of the budget; goes back unless kept.
class Charge {
 public:
  explicit Charge(FileBudget& budget) : budget_(budget) {}
  ~Charge() {
    budget_.files_left += files_;
    budget_.bytes_left += bytes_;
  }
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;

  bool take_file() { return take(budget_.files_left, 1) && (files_ = 1) == 1; }
  bool take_bytes(std::uint64_t bytes) {
    if (!take(budget_.bytes_left, bytes)) return false;
    bytes_ = static_cast<std::int64_t>(bytes);
    return true;
  }
  /// Spends the file and `bytes` of what was taken.
  void keep(std::uint64_t bytes) {
    files_ = 0;
    bytes_ -= static_cast<std::int64_t>(bytes);
  }

 private:
  FileBudget& budget_;
  std::int64_t files_ = 0;
  std::int64_t bytes_ = 0;
};

/// Up to `wanted` bytes from `offset`; fewer when the file shrank meanwhile.
Result<std::string> read_range(const OpenedFile& file, std::uint64_t offset, std::uint64_t wanted,
                               std::string_view path) {
  std::string bytes(wanted, '\0');
  std::size_t at = 0;
  while (at < bytes.size()) {
    const ssize_t got =
        pread(file.fd.get(), bytes.data() + at, bytes.size() - at, static_cast<off_t>(offset + at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return Error{Errc::unavailable,
                   "path " + shown_file_path(path) + " cannot be read: " + std::strerror(errno)};
    if (got == 0) break;
    at += static_cast<std::size_t>(got);
  }
  bytes.resize(at);
  return bytes;
}

/// Cuts `bytes` back to whole characters if more of the file follows. False when this is no text.
bool make_text(std::string& bytes, bool more_follows) {
  const std::size_t valid = utf8_prefix_bytes(bytes);
  const std::size_t rest = bytes.size() - valid;
  if (rest != 0 && (!more_follows || rest >= kReadBytesMin || valid == 0)) return false;
  bytes.resize(valid);
  return bytes.find('\0') == std::string::npos;
}

struct ReadRequest {
  std::string path;
  std::uint64_t offset = 0;
  std::uint64_t limit = 0;
  bool binary = false;
};

Result<ReadRequest> read_request(std::string_view kind, std::string_view text, const FileSettings& settings) {
  auto request = parse_request(kind, text, {"path", "offset", "limit", "binary"});
  if (!request) return request.error();
  constexpr std::uint64_t kAny = std::numeric_limits<std::int64_t>::max();
  auto path = path_of(kind, *request, nullptr);
  auto offset = number_of(kind, *request, "offset", 0, 0, kAny);
  auto limit = number_of(kind, *request, "limit", kAny, kReadBytesMin, kAny);
  for (const Error* error : {path ? nullptr : &path.error(), offset ? nullptr : &offset.error(),
                             limit ? nullptr : &limit.error()}) {
    if (error != nullptr) return *error;
  }
  const json binary = request->value("binary", json(false));
  if (!binary.is_boolean()) return bad_request(kind, "\"binary\" must be true or false");
  return ReadRequest{std::move(*path), *offset, std::min(*limit, settings.file_bytes_max),
                     binary.get<bool>()};
}

Result<std::string> read_file(const FileRoots& roots, const FileSettings& settings,
                              const ReadRequest& request, FileBudget& budget) {
  const std::string& path = request.path;
  Charge charge(budget);
  if (!charge.take_file()) {
    return Error{Errc::exhausted,
                 "path " + shown_file_path(path) +
                     " is one file more than files.files_max = " + std::to_string(settings.files_max) +
                     " allows one call; read fewer, or let the operator raise it"};
  }
  auto file = roots.open_file(path);
  if (!file) return file.error();
  if (request.offset > file->bytes) {
    return bad_request("file.read", "path " + shown_file_path(path) + " ends at byte " +
                                        std::to_string(file->bytes) + ", before \"offset\"");
  }
  const std::uint64_t wanted = std::min(request.limit, file->bytes - request.offset);
  if (!charge.take_bytes(wanted)) return bytes_spent(path, wanted, settings);
  auto bytes = read_range(*file, request.offset, wanted, path);
  if (!bytes) return bytes.error();
  bool truncated = request.offset + bytes->size() < file->bytes && bytes->size() == wanted;
  json answer = {{"path", path}, {"bytes", file->bytes}, {"mtime_ms", file->mtime_ms}};
  std::uint64_t used = 0;
  if (make_text(*bytes, truncated)) {
    used = bytes->size();
    answer["text"] = std::move(*bytes);
  } else {
    answer["binary"] = true;
    if (request.binary) {
      used = bytes->size();
      answer["base64"] = base64(*bytes);
    } else {
      truncated = false;  // nothing was begun that could be continued
    }
  }
  answer["truncated"] = truncated;
  if (truncated) answer["next_offset"] = request.offset + used;
  charge.keep(used);
  return dumped(answer);
}

Result<std::string> list_files(const FileRoots& roots, const FileSettings& settings, std::string_view kind,
                               std::string_view text, FileBudget& budget) {
  auto request = parse_request(kind, text, {"path", "depth", "limit", "suffixes"});
  if (!request) return request.error();
  auto path = path_of(kind, *request, ".");
  if (!path) return path.error();
  auto depth = number_of(kind, *request, "depth", 1, 1, kDepthMax);
  if (!depth) return depth.error();
  auto limit = number_of(kind, *request, "limit", kEntriesMax, 1, kEntriesMax);
  if (!limit) return limit.error();
  ListingOptions options{static_cast<std::uint32_t>(*depth), *limit, {}};
  const json suffixes = request->value("suffixes", json::array());
  const bool usable =
      suffixes.is_array() && suffixes.size() <= kSuffixesMax &&
      std::all_of(suffixes.begin(), suffixes.end(), [](const json& one) { return one.is_string(); });
  if (!usable) return bad_request(kind, "\"suffixes\" must be a list of at most 64 strings, e.g. [\".cpp\"]");
  for (const json& suffix : suffixes) options.suffixes.push_back(suffix);
  auto listing = list_folder(roots, *path, options);
  if (!listing) return listing.error();
  json answer = {{"path", *path}, {"entries", json::array()}, {"truncated", listing->truncated}};
  for (ListedEntry& entry : listing->entries) {
    answer["entries"].push_back({{"path", std::move(entry.path)},
                                 {"type", entry.type == ListedType::file ? "file" : "dir"},
                                 {"bytes", entry.bytes}});
  }
  std::string result = dumped(answer);
  if (!take(budget.bytes_left, result.size())) return bytes_spent(*path, result.size(), settings);
  return result;
}

}  // namespace

Result<std::string> run_file_effect(const FileRoots& roots, const FileSettings& settings,
                                    std::string_view kind, std::string_view request_json,
                                    FileBudget& budget) {
  if (kind == "file.list") return list_files(roots, settings, kind, request_json, budget);
  if (kind != "file.read")
    return Error{Errc::unsupported, "no file effect is called " + shown_file_path(kind)};
  auto request = read_request(kind, request_json, settings);
  if (!request) return request.error();
  return read_file(roots, settings, *request, budget);
}

}  // namespace toolpost
