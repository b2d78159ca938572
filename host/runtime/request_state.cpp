#include "runtime/request_state.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/text.hpp"
#include "base/unique_fd.hpp"

namespace toolpost {
namespace {

constexpr std::string_view kPrefix = "tp1.";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kMacDigits = 64;

Error refused(const char* why) {
  return {Errc::invalid_input,
          std::string("params.requestState ") + why + "; call the tool again without it"};
}

/// Nothing when there is no whole key yet.
std::string read_key(const std::string& file) {
  const UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  std::string key(kKeyBytes + 1, '\0');
  const ssize_t got = fd ? read(fd.get(), key.data(), key.size()) : -1;
  return got == static_cast<ssize_t>(kKeyBytes) ? key.substr(0, kKeyBytes) : "";
}

std::string fresh_key(RandomSource& random) {
  std::string key;
  while (key.size() < kKeyBytes) {
    const std::uint64_t word = random.next();
    key.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  return key;
}

}  // namespace

Result<RequestStateSeal> RequestStateSeal::open(const std::string& state_dir, RandomSource& random) {
  const std::string file = state_dir + "/request_state.key";
  if (std::string key = read_key(file); !key.empty()) return RequestStateSeal(std::move(key));
  // Whole from its first moment, and of two hosts that start at once the first one's.
  const std::string fresh = file + "." + random.id();
  const std::string key = fresh_key(random);
  const auto failed = [&] {
    const int code = errno;
    unlink(fresh.c_str());
    return Error{Errc::unavailable, file + " cannot be made: " + std::strerror(code) +
                                        "; free space or let the host's user write there"};
  };
  const UniqueFd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return failed();
  if (write(fd.get(), key.data(), key.size()) != static_cast<ssize_t>(key.size())) return failed();
  if (link(fresh.c_str(), file.c_str()) != 0 && errno != EEXIST) return failed();
  unlink(fresh.c_str());
  std::string kept = read_key(file);
  if (kept.empty())
    return Error{Errc::unavailable, file +
                                        " is damaged; remove it, and calls that wait for a client's answer "
                                        "begin anew"};
  return RequestStateSeal(std::move(kept));
}

std::string RequestStateSeal::mac(const std::string& named, const RequestBinding& binding) const {
  const std::string text = named + '\n' + binding.owner + '\n' + binding.wanted;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
  return to_hex({reinterpret_cast<const char*>(digest), size});
}

std::string RequestStateSeal::seal(const std::string& journal, const RequestBinding& binding,
                                   std::int64_t expires_ms) const {
  const std::string named = std::string(kPrefix) + journal + "." + std::to_string(expires_ms);
  return named + "." + mac(named, binding);
}

Result<OpenedState> RequestStateSeal::unseal(std::string_view state, const RequestBinding& binding,
                                             std::int64_t now_ms) const {
  const std::size_t dot = state.rfind('.');
  if (!state.starts_with(kPrefix) || dot == std::string_view::npos || dot < kPrefix.size() ||
      state.size() - dot - 1 != kMacDigits)
    return refused("is none of this host's");
  const std::string named(state.substr(0, dot));
  const std::string expected = mac(named, binding);
  if (CRYPTO_memcmp(expected.data(), state.data() + dot + 1, kMacDigits) != 0)
    return refused("was changed, or belongs to another call, other arguments or another user");
  const std::size_t middle = named.rfind('.');
  std::int64_t expires_ms = 0;
  std::from_chars(named.data() + middle + 1, named.data() + named.size(), expires_ms);
  if (now_ms > expires_ms) return refused("is too old (deadlines.ask_max_ms)");
  return OpenedState{named.substr(kPrefix.size(), middle - kPrefix.size()), expires_ms};
}

}  // namespace toolpost
