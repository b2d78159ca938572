#define _GNU_SOURCE
#include "packet.h"

#include <string.h>
#include <sys/socket.h>

enum { host_socket = 3 };

typedef struct frame_header {
  uint32_t magic;
  uint16_t type;
  uint16_t flags;
  uint32_t size;
  uint32_t reserved;
  uint64_t number;
} frame_header;

void put(packet* to, const void* bytes, size_t size) {
  memcpy(to->bytes + to->size, bytes, size);
  to->size += size;
}

void put_number(packet* to, uint64_t value, size_t size) {
  put(to, &value, size); /* little-endian, as all machines are that this runs on */
}

static void put_text(packet* to, const char* text) {
  put_number(to, strlen(text), 4);
  put(to, text, strlen(text));
}

/* `json` is the only part, `request` that of an http effect which the turn started; NULL for none. */
static void put_turn(packet* to, unsigned end, unsigned code, const char* json, const char* request) {
  put_number(to, end, 1);
  put_number(to, code, 1);
  put_number(to, 0, 1); /* side effect */
  put_number(to, 0, 8); /* retry_after_ms, waiting_for */
  put_text(to, "");
  put_number(to, json != NULL, 4); /* parts */
  if (json != NULL) {
    put_text(to, "application/json");
    put_text(to, json);
  }
  put_number(to, request != NULL, 4); /* started */
  if (request != NULL) {
    put_text(to, "http");
    put_text(to, request);
    put_text(to, "no digest");
    put_number(to, 0, 4); /* timeout_ms */
  }
  put_number(to, 0, 8); /* log_lines_total, log_lines */
  put_number(to, 0, 8); /* progress: done and total */
  put_number(to, 0, 8);
  put_text(to, "");
}

void put_output(packet* to, unsigned code, const char* json) {
  put_turn(to, 0, code, json, NULL);
}

void put_effect(packet* to, const char* json, const char* request) {
  put_turn(to, json == NULL, 0, json, request);
}

void put_header(packet* to, uint16_t type, uint16_t flags, uint32_t size, uint64_t number) {
  const frame_header header = {0x31465054, type, flags, size, 0, number};
  put(to, &header, sizeof header);
}

int send_packet(const packet* one, int fd, unsigned copies) {
  static union {
    char bytes[CMSG_SPACE(sizeof(int) * 253)];
    struct cmsghdr align;
  } control;
  struct iovec data = {(void*)one->bytes, one->size};
  struct msghdr message = {0};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (copies > 0) {
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * copies);
    struct cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int) * copies);
    for (unsigned i = 0; i < copies; ++i) memcpy(CMSG_DATA(part) + i * sizeof fd, &fd, sizeof fd);
  }
  return sendmsg(host_socket, &message, MSG_NOSIGNAL) >= 0;
}
