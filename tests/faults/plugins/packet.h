/* Frames as docs/worker-protocol.md has them, for faults that write to the worker's own socket. */
#ifndef TOOLPOST_TESTS_PACKET_H
#define TOOLPOST_TESTS_PACKET_H

#include <stddef.h>
#include <stdint.h>

enum { frame_ready = 17, frame_load_failed = 18, frame_turn_done = 19 };

typedef struct packet {
  unsigned char bytes[65536];
  size_t size;
} packet;

void put(packet* to, const void* bytes, size_t size);
/* The low `size` bytes of a number. */
void put_number(packet* to, uint64_t value, size_t size);
void put_header(packet* to, uint16_t type, uint16_t flags, uint32_t size, uint64_t number);
/* A finished turn's output: code, and one part of JSON. */
void put_output(packet* to, unsigned code, const char* json);
/* The output of a turn that starts an http effect: one that waits for it, or one that answers `json` as well.
 */
void put_effect(packet* to, const char* json, const char* request);
/* Sends it to the host; `fd` goes along `copies` times. */
int send_packet(const packet* one, int fd, unsigned copies);

#endif
