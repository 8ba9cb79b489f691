/* halt.h - when failed calls end a run before all inputs were read:
 *
 *     never              not at all
 *     soon[,fail=N|N%]   after so many failures: what runs may finish
 *     now[,fail=N|N%]    the same: what runs is ended
 */
#ifndef SOPOOL_CLI_HALT_H
#define SOPOOL_CLI_HALT_H

#include <stdbool.h>
#include <stdint.h>

enum halt_when { HALT_NEVER = 0, HALT_SOON, HALT_NOW };

struct halt {
    int when;       /* an enum halt_when */
    uint64_t calls; /* that fail: so many, or */
    double percent; /* such a part of those that have ended */
};

/* 0, or -1: the text is no such thing. */
int halt_parse(struct halt *halt, const char *text);

/* Is it time? */
bool halt_due(const struct halt *halt, uint64_t ended, uint64_t failed);

#endif
