#include "runtime/shared_limits.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace toolpost {
namespace {

constexpr std::uint64_t kMagic = 0x31'74'69'6d'69'6c'70'74;  // "tplimit1", and the byte order of this machine
// Locks lie behind the records, on bytes that are never written.
constexpr off_t kWaitingByte = 1 << 20;
constexpr off_t kPlaces = kWaitingByte + 1;
constexpr std::uint32_t kScanFromStart = 64;  // with more places, hosts look at different ones first

struct flock lock_of(short type, off_t byte) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  return lock;
}

/// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/): the same in every host, whatever it was built with.
std::uint64_t hash_of(const std::string& text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char letter : text) hash = (hash ^ static_cast<unsigned char>(letter)) * 1099511628211ULL;
  return std::max<std::uint64_t>(hash, 1);
}

}  // namespace

Result<std::unique_ptr<SharedLimits>> SharedLimits::open(Scheduler& loop, RandomSource& random,
                                                         const std::string& state_dir,
                                                         const std::string& provider, Millis poll) {
  const std::string folder = state_dir + "/limits";
  const std::string path = folder + "/" + provider;
  const auto failed = [&] {
    return Error{Errc::unavailable, path + " cannot be used: " + std::strerror(errno) +
                                        "; the limits of provider " + provider +
                                        " hold for each host alone; let the host's user write there"};
  };
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return failed();
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return failed();
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return failed();
  if (status.st_size < static_cast<off_t>(sizeof(Image))) {
    Image fresh;
    fresh.head.magic = kMagic;
    if (::pwrite(file.get(), &fresh, sizeof fresh, 0) != sizeof fresh) return failed();
  }
  struct flock probe = lock_of(F_WRLCK, kPlaces);
  if (::fcntl(file.get(), F_OFD_GETLK, &probe) != 0) return failed();
  return std::unique_ptr<SharedLimits>(new SharedLimits(loop, random, std::move(file), poll));
}

bool SharedLimits::take_place(std::uint32_t places) {
  if (broken_) return true;
  mine_.resize(std::max<std::size_t>(mine_.size(), places));
  const std::uint64_t first = places > kScanFromStart ? random_.below(places) : 0;
  for (std::uint32_t i = 0; i < places; ++i) {
    const std::size_t place = (first + i) % places;
    if (mine_[place]) continue;
    const struct flock lock = lock_of(F_WRLCK, kPlaces + static_cast<off_t>(place));
    if (::fcntl(file_.get(), F_OFD_SETLK, &lock) == 0) {
      mine_[place] = true;
      return true;
    }
    if (errno != EAGAIN && errno != EACCES) {
      broken_ = true;
      return true;
    }
  }
  return false;
}

/// The last one, so that those are held which count when the concurrency is lowered.
void SharedLimits::give_place() {
  const auto last = std::find(mine_.rbegin(), mine_.rend(), true);
  if (last == mine_.rend()) return;
  *last = false;
  const struct flock lock = lock_of(F_UNLCK, kPlaces + std::distance(last, mine_.rend()) - 1);
  static_cast<void>(::fcntl(file_.get(), F_OFD_SETLK, &lock));
}

std::uint32_t SharedLimits::places_taken(std::uint32_t places) {
  std::uint32_t taken = 0;
  for (std::uint32_t place = 0; place < places; ++place) {
    struct flock lock = lock_of(F_WRLCK, kPlaces + static_cast<off_t>(place));
    const bool own = place < mine_.size() && mine_[place];
    if (own || (::fcntl(file_.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)) ++taken;
  }
  return taken;
}

void SharedLimits::set_waiting(bool waits) {
  if (std::exchange(waiting_, waits) == waits) return;
  const struct flock lock = lock_of(waits ? F_RDLCK : F_UNLCK, kWaitingByte);
  static_cast<void>(::fcntl(file_.get(), F_OFD_SETLK, &lock));
}

bool SharedLimits::others_wait() {
  struct flock lock = lock_of(F_WRLCK, kWaitingByte);
  return !broken_ && ::fcntl(file_.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

Duration SharedLimits::look_again_after() {
  const auto poll = static_cast<std::uint64_t>(Duration(poll_).count());
  return Duration(static_cast<Duration::rep>(poll / 2 + random_.below(poll)));
}

/// Once a round: what is asked of one moment is one reading.
const SharedLimits::Image& SharedLimits::read() {
  const TimePoint now = loop_.now();
  if (now == read_at_) return image_;
  read_at_ = now;
  if (broken_ || ::pread(file_.get(), &image_, sizeof image_, 0) != sizeof image_ ||
      image_.head.magic != kMagic)
    image_ = Image{};
  return image_;
}

/// A part of image_, in its place in the file.
template <typename Part>
void SharedLimits::write(const Part& part) {
  image_.head.magic = kMagic;
  const auto at = reinterpret_cast<const char*>(&part) - reinterpret_cast<const char*>(&image_);
  // A record that cannot be written any more must not be believed either.
  if (::pwrite(file_.get(), &part, sizeof part, at) != static_cast<ssize_t>(sizeof part)) broken_ = true;
}

std::optional<std::uint32_t> SharedLimits::concurrency() {
  const Head& head = read().head;
  const std::int64_t now = loop_.wall_ms();
  const bool recent = head.lowered_at_ms >= now - kConcurrencyAge.count() && head.lowered_at_ms <= now + 1000;
  if (head.concurrency == 0 || head.concurrency > 10'000 || !recent) return std::nullopt;
  return static_cast<std::uint32_t>(head.concurrency);
}

void SharedLimits::set_concurrency(std::uint32_t places) {
  read();
  image_.head.concurrency = places;
  image_.head.lowered_at_ms = loop_.wall_ms();
  write(image_.head);
}

/// Of a record, so of anything: at most a day.
Duration SharedLimits::time_left(std::int64_t until_ms) const {
  const std::int64_t now = loop_.wall_ms();
  constexpr std::int64_t kDay = 86'400'000;
  return Millis(until_ms <= now ? 0 : std::min(until_ms - now, kDay));
}

Duration SharedLimits::pause_left() {
  return time_left(read().head.pause_until_ms);
}

void SharedLimits::pause(Duration time) {
  const std::int64_t until = loop_.wall_ms() + to_ms(time);
  if (read().head.pause_until_ms >= until) return;
  image_.head.pause_until_ms = until;
  write(image_.head);
}

std::optional<SharedProvider::Rest> SharedLimits::rest_of(const std::string& model) {
  const std::uint64_t hash = hash_of(model);
  for (const Row& row : read().rows)
    if (row.model == hash)
      return Rest{time_left(row.until_ms),
                  static_cast<std::uint32_t>(std::min<std::uint64_t>(row.openings, 1000))};
  return std::nullopt;
}

void SharedLimits::set_rest(const std::string& model, Rest rest) {
  read();
  const std::uint64_t hash = hash_of(model);
  Row* const end = std::end(image_.rows);
  Row* row = std::find_if(image_.rows, end, [&](const Row& one) { return one.model == hash; });
  if (row == end) row = std::find_if(image_.rows, end, [](const Row& one) { return one.model == 0; });
  if (row == end)
    row = std::min_element(image_.rows, end,
                           [](const Row& one, const Row& other) { return one.until_ms < other.until_ms; });
  *row = {hash, loop_.wall_ms() + to_ms(rest.left), rest.openings};
  write(*row);
}

}  // namespace toolpost
