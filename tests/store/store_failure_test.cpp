// What goes wrong around the file: each failure is an error that names the file and the remedy.
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "store/store_schema.hpp"
#include "store_world.hpp"

using namespace toolpost;

namespace {

/// Another program with the file open.
class Intruder {
 public:
  explicit Intruder(const std::string& file) { REQUIRE(sqlite3_open(file.c_str(), &handle_) == SQLITE_OK); }
  ~Intruder() { sqlite3_close(handle_); }
  Intruder(const Intruder&) = delete;
  Intruder& operator=(const Intruder&) = delete;
  void run(const char* sql) { REQUIRE(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) == SQLITE_OK); }

 private:
  sqlite3* handle_ = nullptr;
};

Error open_error(const StoreWorld& world, const SqliteOptions& options = {}) {
  auto store = SqliteStore::open(world.file, world.settings, options);
  if (store) FAIL("opened");
  CHECK(says(store.error(), world.folder));
  return store.error();
}

unsigned mode_of(const std::string& path) {
  struct stat status{};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

/// Runs `child` as a user who is not root; 0 when it returned true.
template <typename Child>
int as_common_user(const StoreWorld& world, Child child) {
  const bool root = geteuid() == 0;
  if (root) REQUIRE(chown(world.folder.c_str(), 65534, 65534) == 0);
  const pid_t pid = fork();
  if (pid == 0) _exit(root && (setgid(65534) != 0 || setuid(65534) != 0) ? 2 : child() ? 0 : 1);
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  return status;
}

}  // namespace

TEST_CASE("store file: folder and file are the user's alone, whatever the umask", "[store]") {
  StoreWorld world;
  const std::string folder = world.folder + "/state";
  world.file = folder + "/toolpost.db";
  const mode_t before = umask(0);
  const auto store = world.open();
  umask(before);
  REQUIRE(store->commit(turn("1")));
  CHECK(mode_of(folder) == 0700);
  for (const char* suffix : {"", "-wal", "-shm"}) CHECK(mode_of(world.file + suffix) == 0600);
  CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 3);
}

TEST_CASE("store file: a folder open to others is refused, a file open to others is closed to them",
          "[store]") {
  const StoreWorld world;
  world.open();
  REQUIRE(chmod(world.file.c_str(), 0644) == 0);
  world.open();
  CHECK(mode_of(world.file) == 0600);
  REQUIRE(chmod(world.folder.c_str(), 0755) == 0);
  CHECK(says(open_error(world), "chmod 700"));
}

TEST_CASE("store file: a link in its place is refused", "[store]") {
  const StoreWorld world;
  std::filesystem::create_symlink("/tmp/elsewhere.db", world.file);
  CHECK(says(open_error(world), "link"));
}

TEST_CASE("store file: a newer schema is refused and left alone", "[store]") {
  const StoreWorld world;
  world.open();
  Intruder(world.file).run("PRAGMA user_version = 99");
  const Error error = open_error(world);
  CHECK(error.code == Errc::incompatible);
  CHECK(says(error, "schema 99"));
  Intruder(world.file).run(("PRAGMA user_version = " + std::to_string(kStoreSchemaVersion)).c_str());
  CHECK(SqliteStore::open(world.file, world.settings));
}

TEST_CASE("store file: another program's database is refused", "[store]") {
  const StoreWorld world;
  Intruder(world.file).run("CREATE TABLE cooking (recipe TEXT)");
  CHECK(says(open_error(world), "some other program's"));
}

TEST_CASE("store file: a file that is no database says that it is damaged", "[store]") {
  const StoreWorld world;
  std::ofstream(world.file) << std::string(8192, 'x');
  const Error error = open_error(world);
  CHECK(error.code == Errc::unavailable);
  CHECK(says(error, "damaged"));
}

TEST_CASE("store file: damage inside the file is an error in use, not a crash", "[store]") {
  const StoreWorld world;
  {
    const auto store = world.open();
    for (int i = 0; i < 40; ++i)
      REQUIRE(store->commit(turn(std::string(2000, '1'), "", kNow, "ann", "t" + std::to_string(i))));
  }
  {
    std::fstream file(world.file, std::ios::in | std::ios::out | std::ios::binary);
    const auto size = std::filesystem::file_size(world.file);
    for (std::uintmax_t page = 4096; page < size; page += 4096) {
      file.seekp(static_cast<std::streamoff>(page));
      file << std::string(4096, '\x5a');
    }
  }
  auto store = SqliteStore::open(world.file, world.settings);
  if (!store) {
    CHECK(says(store.error(), "damaged"));
    return;
  }
  const auto thread = (*store)->read_thread("ann", "t1", kNow);
  REQUIRE_FALSE(thread);
  CHECK(thread.error().code == Errc::unavailable);
  CHECK(says(thread.error(), world.file));
  CHECK(says((*store)->commit(turn("1")).error(), "damaged"));
}

TEST_CASE("store file: a folder that cannot be written is an error that says what to do", "[store]") {
  const StoreWorld world;
  const int status = as_common_user(world, [&] {
    if (chmod(world.folder.c_str(), 0500) != 0) return false;
    const auto store = SqliteStore::open(world.file, world.settings);
    return !store && store.error().code == Errc::unavailable &&
           store.error().message.find(world.file) != std::string::npos &&
           store.error().message.find("store.state_dir") != std::string::npos;
  });
  CHECK(status == 0);
}

TEST_CASE("store file: a file that cannot be written is refused when it is opened", "[store]") {
  const StoreWorld world;
  const int status = as_common_user(world, [&] {
    if (!SqliteStore::open(world.file, world.settings)) return false;
    if (chmod(world.file.c_str(), 0400) != 0) return false;
    const auto store = SqliteStore::open(world.file, world.settings);
    return !store && store.error().code == Errc::unavailable &&
           store.error().message.find("chmod 600") != std::string::npos;
  });
  CHECK(status == 0);
}

TEST_CASE("store file: another user's folder is refused", "[store]") {
  if (geteuid() != 0) return;
  const StoreWorld world;
  REQUIRE(chown(world.folder.c_str(), 65534, 65534) == 0);
  CHECK(says(open_error(world), "another user"));
}

TEST_CASE("store file: a full file refuses the commit whole and still serves reads", "[store]") {
  const StoreWorld world;
  SqliteOptions options;
  options.file_bytes_max = 128 << 10;
  const auto store = world.open(options);
  int stored = 0;
  Result<void> last;
  while (stored < 100 &&
         (last = store->commit(turn(std::string(8000, '1'), "", kNow, "ann", "t" + std::to_string(stored)))))
    ++stored;
  REQUIRE_FALSE(last);
  CHECK(stored > 3);
  CHECK(last.error().code == Errc::exhausted);
  CHECK(says(last.error(), world.file));
  CHECK(says(last.error(), "free space"));
  CHECK(store->read_thread("ann", "t0", kNow));
  CHECK_FALSE(store->read_thread("ann", "t" + std::to_string(stored), kNow));
  // What is past its time makes room by itself.
  CHECK(store->commit(turn(std::string(8000, '1'), "", kNow + world.settings.thread_ttl.count())));
}

TEST_CASE("store file: a lock held too long is an error with advice to try again", "[store]") {
  const StoreWorld world;
  SqliteOptions options;
  options.busy_max = Millis{20};
  const auto store = world.open(options);
  REQUIRE(store->commit(turn("1")));
  Intruder other(world.file);
  other.run("BEGIN IMMEDIATE");
  const Error error = store->commit(turn("2")).error();
  CHECK(error.code == Errc::unavailable);
  CHECK(error.retry_after > Millis{0});
  CHECK(says(error, world.file));
  CHECK(store->read_thread("ann", kThread, kNow));                // readers do not wait for a writer
  CHECK(SqliteStore::open(world.file, world.settings, options));  // nor does a host that starts
  other.run("ROLLBACK");
  CHECK(store->commit(turn("2")));
}
