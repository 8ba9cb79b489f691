/* chaos.h - faults on demand: workers that die, calls that take long, memory
 * that is not there, each with a probability. For tests of plugins, programs
 * and this library.
 *
 *     kill=1/200,slow=1/50:20ms,init-fail=1/20,nomem=1/1000,seed=7
 *
 * A worker's faults follow from the seed and the worker's number alone: with
 * one worker and the same calls, the same ones are hit.
 */
#ifndef SOPOOL_WORKER_CHAOS_H
#define SOPOOL_WORKER_CHAOS_H

#include <stdbool.h>
#include <stdint.h>

#include "sopool.h"

/* Probabilities are in units of 2^-64. */
struct chaos {
    bool on;
    uint64_t kill;      /* a call's worker is killed, before it or after it */
    uint64_t slow;      /* a call takes longer ... */
    int64_t slow_ns;    /* ... by this */
    uint64_t init_fail; /* a worker dies before it is ready */
    uint64_t nomem;     /* the host has no memory for a task that asks */
    uint64_t seed;
};

/* From text; SOPOOL_E_CONFIG names the part that is wrong. */
int chaos_parse(struct chaos *chaos, const char *text, sopool_error *err);

/* The faults of one worker. */
struct chaos_state {
    const struct chaos *chaos; /* NULL: none */
    uint64_t random;
    bool process; /* can be killed */
    bool doomed;  /* is to die after the call that runs */
};

void chaos_init(struct chaos_state *state, const struct chaos *chaos,
                uint64_t worker, bool process);

/* The points where faults happen. They return, or do not. */
void chaos_start(struct chaos_state *state);
void chaos_before(struct chaos_state *state);
void chaos_after(const struct chaos_state *state);

/* Is there no memory? */
bool chaos_nomem(struct chaos_state *state);

#endif
