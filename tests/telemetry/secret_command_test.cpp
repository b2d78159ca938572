#include "telemetry/secret_command.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/unique_fd.hpp"
#include "catch.hpp"
#include "scratch_folder.hpp"

using namespace toolpost;

namespace {

const char* environment(const char* name) {
  const std::string_view wanted(name);
  if (wanted == "PATH") return "/usr/bin:/bin";
  if (wanted == "HOME") return "/home/ann";
  return wanted == "OTHER_KEY" ? "CANARY" : nullptr;
}

std::string write_program(const ScratchFolder& folder, const std::string& body, mode_t mode = 0700) {
  const std::string path = folder / "key.sh";
  std::ofstream(path, std::ios::binary) << "#!/bin/sh\n" << body;
  REQUIRE(::chmod(path.c_str(), mode) == 0);
  return path;
}

std::string refusal(const std::vector<std::string>& command, const SecretCommandLimits& limits = {}) {
  const auto output = run_secret_command(command, environment, limits);
  REQUIRE_FALSE(output);
  CHECK(output.error().code == Errc::invalid_config);
  CHECK(output.error().message.find("CANARY") == std::string::npos);
  return output.error().message;
}

}  // namespace

TEST_CASE("secret command: its output is the key, and its arguments reach it as they are", "[telemetry]") {
  const ScratchFolder folder;
  const std::string program = write_program(folder, "printf '%s\\n' \"$1\"\n");
  CHECK(run_secret_command({program, "a b; $(id)"}, environment).value() == "a b; $(id)\n");
  const auto secret = load_secret({"", "", {program, "CANARY-1"}}, environment);
  REQUIRE(secret);
  CHECK(secret->reveal() == "CANARY-1");
  CHECK(secret->name() == "key.sh");
}

TEST_CASE("secret command: gets a small environment, no input and no other descriptor", "[telemetry]") {
  const ScratchFolder folder;
  const std::string program =
      write_program(folder, "echo \"$HOME-${OTHER_KEY:-none}\"; cat; ls /proc/self/fd | wc -l\n");
  // 0, 1, 2 and the one that ls itself opened.
  CHECK(run_secret_command({program}, environment).value() == "/home/ann-none\n4\n");
}

TEST_CASE("secret command: output of the bound is taken, one byte more is refused", "[telemetry]") {
  const ScratchFolder folder;
  const std::string program = write_program(folder, "head -c \"$1\" /dev/zero | tr '\\0' k\n");
  CHECK(run_secret_command({program, "1000"}, environment, {Millis(10'000), 1000}).value().size() == 1000);
  CHECK(refusal({program, "1001"}, {Millis(10'000), 1000}) ==
        "the key command " + program + " wrote more than 1000 bytes");
}

TEST_CASE("secret command: one that does not end is killed with its children", "[telemetry]") {
  const ScratchFolder folder;
  const std::string program = write_program(
      folder, "exec 9> \"$1\"; flock 9; echo CANARY; tail -f /dev/null & exec tail -f /dev/null\n");
  CHECK(refusal({program, folder / "lock"}, {Millis(1'000), 1000}) ==
        "the key command " + program + " did not end within 1000 ms");
  // Parent and child held the lock; it is free when both are gone. This waits for as long as one of them
  // lives.
  const UniqueFd lock(::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  CHECK(::flock(lock.get(), LOCK_EX) == 0);
}

TEST_CASE("secret command: a failure names the program and its status, not what it wrote", "[telemetry]") {
  const ScratchFolder folder;
  const std::string program = write_program(folder, "echo CANARY; echo CANARY >&2; exit 3\n");
  CHECK(refusal({program}) ==
        "the key command " + program + " failed with exit status 3; run it by hand to see why");
  const std::string killed = write_program(folder, "kill -9 $$\n");
  CHECK(refusal({killed}) ==
        "the key command " + killed + " failed with signal 9; run it by hand to see why");
}

TEST_CASE("secret command: what is no program, or may be changed by others, is not run", "[telemetry]") {
  const ScratchFolder folder;
  CHECK(refusal({folder / "none"}).ends_with("/none cannot be found: No such file or directory"));
  CHECK(refusal({"/"}) == "the key command / is not a program");
  const std::string open = write_program(folder, "echo k\n", 0722);
  CHECK(refusal({open}) == "the key command " + open + " may be changed by others; run chmod go-w on it");
  const std::string plain = write_program(folder, "echo k\n", 0600);
  CHECK(refusal({plain}) == "the key command " + plain + " cannot be run: Permission denied");
}
