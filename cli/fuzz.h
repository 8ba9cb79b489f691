/* fuzz.h - calls of a task with arguments that were made up, until one of them
 * breaks its worker; then the simplest that do. */
#ifndef SOPOOL_CLI_FUZZ_H
#define SOPOOL_CLI_FUZZ_H

#include <stdint.h>

#include <sopool.h>

#include "invent.h"
#include "tryout.h"

struct fuzz {
    const struct tryout *tryout;
    const sopool_task_info *task;
    struct known_args known; /* borrowed */
    uint64_t seed;
    int64_t ms; /* how long */

    /* What came of it. */
    uint64_t calls;
    bool broke; /* a call broke its worker */
    bool alone; /* and so it does as a worker's only call */
    void *args; /* of that call, one CBOR list; owned */
    size_t size;
    struct trial trial; /* of that call */
};

/* 0; -1 and the error: calls could not be made at all. To be finished in any
 * case. */
int fuzz_run(struct fuzz *fuzz, sopool_error *err);
void fuzz_finish(struct fuzz *fuzz);

#endif
