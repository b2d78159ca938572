/* Turns that write to the worker's own socket, past everything the host's code in this process would do. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fault.h"
#include "packet.h"

static void send_output(uint64_t number, unsigned code, const char* json) {
  packet output = {.size = 0};
  packet whole = {.size = 0};
  put_output(&output, code, json);
  put_header(&whole, frame_turn_done, 0, (uint32_t)output.size, number);
  put(&whole, output.bytes, output.size);
  send_packet(&whole, -1, 0);
}

static toolpost_status sends_garbage(const fault_turn* turn) {
  (void)turn;
  packet garbage = {.size = 5000};
  memset(garbage.bytes, 'g', garbage.size);
  send_packet(&garbage, -1, 0);
  spin();
}

static toolpost_status sends_half(const fault_turn* turn) {
  packet half = {.size = 0};
  put_header(&half, frame_turn_done, 0, 100, turn->number);
  half.size = 12;
  send_packet(&half, -1, 0);
  spin();
}

static toolpost_status sends_too_little(const fault_turn* turn) {
  packet claim = {.size = 0};
  put_header(&claim, frame_turn_done, 0, 4096, turn->number);
  put(&claim, "only this", 9);
  send_packet(&claim, -1, 0);
  spin();
}

static toolpost_status claims_gigabyte(const fault_turn* turn) {
  packet claim = {.size = 0};
  put_header(&claim, frame_turn_done, 1, 1u << 30, turn->number);
  send_packet(&claim, -1, 0);
  spin();
}

/* The answer is right, and comes twice: once from here, once from the worker's own code. */
static toolpost_status replies_twice(const fault_turn* turn) {
  send_output(turn->number, 0, "{\"ok\":true,\"worked\":0}");
  return reply_worked(turn, 0);
}

static toolpost_status replies_for_another(const fault_turn* turn) {
  send_output(turn->number + 1000, 0, "{\"ok\":true,\"worked\":1}");
  spin();
}

static toolpost_status replies_for_zero(const fault_turn* turn) {
  (void)turn;
  send_output(0, 0, "{\"ok\":true,\"worked\":1}");
  spin();
}

static toolpost_status replies_for_before(const fault_turn* turn) {
  send_output(turn->number - 1, 0, "{\"ok\":true,\"worked\":1}");
  spin();
}

static toolpost_status answers_host_code(const fault_turn* turn) {
  send_output(turn->number, 16, "{}"); /* "crashed", which only the host may say */
  spin();
}

static toolpost_status counts_too_many(const fault_turn* turn) {
  packet output = {.size = 0};
  put_header(&output, frame_turn_done, 0, 19, turn->number);
  put_number(&output, 0, 8);
  put_number(&output, 0, 7);
  put_number(&output, UINT32_MAX, 4);
  send_packet(&output, -1, 0);
  spin();
}

static toolpost_status says_ready_again(const fault_turn* turn) {
  (void)turn;
  packet again = {.size = 0};
  put_header(&again, frame_ready, 0, 0, 0);
  send_packet(&again, -1, 0);
  spin();
}

static toolpost_status says_load_failed(const fault_turn* turn) {
  (void)turn;
  packet late = {.size = 0};
  put_header(&late, frame_load_failed, 0, 4, 0);
  put(&late, "oops", 4);
  send_packet(&late, -1, 0);
  spin();
}

static toolpost_status sends_empty_packets(const fault_turn* turn) {
  (void)turn;
  const packet empty = {.size = 0};
  for (int i = 0; i < 1000; ++i) send_packet(&empty, -1, 0);
  spin();
}

static toolpost_status sends_descriptors(const fault_turn* turn) {
  packet whole = {.size = 0};
  put_header(&whole, frame_turn_done, 1, 0, turn->number);
  send_packet(&whole, 0, 253);
  spin();
}

static int payload_file(unsigned code, const char* json, packet* output) {
  put_output(output, code, json);
  const int fd = memfd_create("payload", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  return fd >= 0 && write(fd, output->bytes, output->size) == (ssize_t)output->size ? fd : -1;
}

static toolpost_status sends_unsealed(const fault_turn* turn) {
  packet output = {.size = 0};
  packet whole = {.size = 0};
  const int fd = payload_file(0, "{\"ok\":true,\"worked\":1}", &output);
  put_header(&whole, frame_turn_done, 1, (uint32_t)output.size, turn->number);
  send_packet(&whole, fd, 1);
  spin();
}

/* A device in place of a file: reading it would never end, or block. */
static toolpost_status sends_device(const fault_turn* turn) {
  packet whole = {.size = 0};
  int pipes[2];
  if (pipe2(pipes, O_CLOEXEC) != 0) return TOOLPOST_INTERNAL;
  put_header(&whole, frame_turn_done, 1, 4096, turn->number);
  send_packet(&whole, pipes[0], 1);
  spin();
}

/* Properly sealed and sent; then everything is tried to change it under the reader. */
static toolpost_status changes_sealed(const fault_turn* turn) {
  packet output = {.size = 0};
  packet whole = {.size = 0};
  const int fd = payload_file(0, "{\"ok\":true,\"worked\":0}", &output);
  void* before = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (before != MAP_FAILED) munmap(before, 4096); /* a writable mapping would forbid the seal */
  if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
    return TOOLPOST_INTERNAL;
  put_header(&whole, frame_turn_done, 1, (uint32_t)output.size, turn->number);
  send_packet(&whole, fd, 1);
  for (int i = 0; i < 10000; ++i) {
    if (ftruncate(fd, 0) == 0 || write(fd, "x", 1) == 1 ||
        mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED) {
      _exit(9); /* it worked: the driver sees a crash where it expects an answer */
    }
  }
  spin();
}

static void* litters(void* unused) {
  (void)unused;
  usleep(20000);
  packet garbage = {.size = 100};
  memset(garbage.bytes, 'g', garbage.size);
  send_packet(&garbage, -1, 0);
  return NULL;
}

static toolpost_status litters_after_reply(const fault_turn* turn) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, litters, NULL) != 0) return TOOLPOST_INTERNAL;
  return reply_worked(turn, 0);
}

const fault frame_faults[] = {{"send_garbage", sends_garbage},
                              {"send_half", sends_half},
                              {"send_too_little", sends_too_little},
                              {"claim_gigabyte", claims_gigabyte},
                              {"reply_twice", replies_twice},
                              {"reply_for_another", replies_for_another},
                              {"reply_for_zero", replies_for_zero},
                              {"reply_for_before", replies_for_before},
                              {"answer_host_code", answers_host_code},
                              {"count_too_many", counts_too_many},
                              {"say_ready_again", says_ready_again},
                              {"say_load_failed", says_load_failed},
                              {"send_empty_packets", sends_empty_packets},
                              {"send_descriptors", sends_descriptors},
                              {"send_unsealed", sends_unsealed},
                              {"send_device", sends_device},
                              {"change_sealed", changes_sealed},
                              {"litter_after_reply", litters_after_reply},
                              {NULL, NULL}};
