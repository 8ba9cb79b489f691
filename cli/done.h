/* done.h - what a job log says was done: how often each call, by its key.
 *
 * Equal inputs have equal keys, so they are counted: two lines of a log stand
 * for two inputs of that key, wherever these are now.
 */
#ifndef SOPOOL_CLI_DONE_H
#define SOPOOL_CLI_DONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "key.h"

struct done;

struct done *done_new(void); /* NULL: no memory */
void done_free(struct done *done);

/* A line of the log: the call failed or not; `run` tells the how-manieth time
 * it was that its input was run: from 2 on it stands for a failure before it.
 * -1: no memory. */
int done_add(struct done *done, const char key[KEY_SIZE], bool failed,
             uint32_t run);

/* All lines were added. */
void done_seal(struct done *done);

/* Is an input of that key to be run? 0: no, it was. Else as the how-manieth
 * time. `again`: those that failed are. */
uint32_t done_take(struct done *done, const char key[KEY_SIZE], bool again);

/* How many inputs were done, and how many of these failed. */
uint64_t done_count(const struct done *done);
uint64_t done_failed(const struct done *done);

#endif
