/* What code in a worker may try against the machine. One function per power, used by the test of the levels
 * and by the attacking plugin, so that both try the same. */
#ifndef TOOLPOST_TESTS_POWERS_H
#define TOOLPOST_TESTS_POWERS_H

#ifdef __cplusplus
extern "C" {
#endif

/* What is there to be attacked. */
struct target {
  int pid;            /* a process of the same account */
  const char* file;   /* that exists and can be read */
  const char* folder; /* that can be written to */
};

enum power_outcome { POWER_REFUSED, POWER_WORKED, POWER_ABSENT /* this kernel has no such thing */ };

struct power {
  const char* name;
  enum power_outcome (*use)(const struct target*);
  int refused_from; /* the lowest level that refuses it */
  int is_common;    /* 1: every account has it without a sandbox, so below that level it must work */
};

extern const struct power powers[];
extern const int powers_count;

#ifdef __cplusplus
}
#endif

#endif
