#pragma once
// A mutex that clang's thread-safety analysis understands (-Wthread-safety), and the words that say what it
// guards: a member that is read or written without it does not compile.

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define TOOLPOST_THREAD_SAFETY(attribute) __attribute__((attribute))
#else
#define TOOLPOST_THREAD_SAFETY(attribute)
#endif
/// Of a member: only with this mutex held.
#define TOOLPOST_GUARDED_BY(mutex) TOOLPOST_THREAD_SAFETY(guarded_by(mutex))
/// Of a function: its caller holds the mutex.
#define TOOLPOST_REQUIRES(mutex) TOOLPOST_THREAD_SAFETY(requires_capability(mutex))

namespace toolpost {

class TOOLPOST_THREAD_SAFETY(capability("mutex")) Mutex {
 public:
  void lock() TOOLPOST_THREAD_SAFETY(acquire_capability()) { mutex_.lock(); }
  void unlock() TOOLPOST_THREAD_SAFETY(release_capability()) { mutex_.unlock(); }
  /// Gives the mutex up until `woken` is notified, which may also happen for no reason.
  void wait(std::condition_variable& woken) TOOLPOST_REQUIRES(this) {
    std::unique_lock lock(mutex_, std::adopt_lock);
    woken.wait(lock);
    lock.release();
  }

 private:
  std::mutex mutex_;
};

/// Holds a mutex for as long as it lives.
class TOOLPOST_THREAD_SAFETY(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) TOOLPOST_THREAD_SAFETY(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() TOOLPOST_THREAD_SAFETY(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace toolpost
