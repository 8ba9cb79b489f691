/* results.h - a folder with a file for each call. A file has its whole content
 * as soon as it has its name; one that is being written begins with a dot. */
#ifndef SOPOOL_CLI_RESULTS_H
#define SOPOOL_CLI_RESULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "output.h"

struct results {
    const char *name; /* of the folder; borrowed */
    int dir;
    struct output out; /* the file that is being written */
    char draft[32];    /* its name until it is whole */
};

/* Opens the folder, or makes it. NULL after a message. */
struct results *results_open(const char *name);
void results_close(struct results *results);

/* The file of the call that is the `number`-th, from 1: what is written to the
 * output stands in it when it has been ended. `failed`: it says why the call
 * failed. What cannot be written ends the command. */
struct output *results_begin(struct results *results, uint64_t number);
void results_end(struct results *results, uint64_t number, bool failed);

#endif
