/* follow.h - who follows a run besides the one who writes the results: a job
 * log, a trace, a report.
 *
 * Followers are told of each call that has ended, and of what happens to the
 * workers, in the thread that reads the results.
 */
#ifndef SOPOOL_CLI_FOLLOW_H
#define SOPOOL_CLI_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sopool.h>

/* A call that has ended. */
struct ended {
    uint64_t index;   /* of the call, from 0 */
    uint64_t number;  /* of the input, from 1; some are not run again */
    uint32_t run;     /* the how-manieth time that it is run, by a job log */
    const char *file; /* where it stood; "-" is standard input */
    uint64_t line;    /* in its file, from 1 */
    const char *text; /* the input itself */
    size_t size;
    const char *key; /* of the call, in hexadecimal; "" if none is made */
    const char *task;
    const void *cbor; /* the result, or NULL */
    size_t cbor_size;
    const sopool_error *error;    /* or NULL */
    const sopool_call_info *info; /* all zeros: it was not run */
};

/* The run itself. */
struct run_facts {
    const char *command; /* "map" */
    const sopool_task_info *task;
    int64_t start_ns;   /* since 1970 */
    uint32_t processes; /* workers that the pool should have */
};

struct follower {
    void (*call)(void *ctx, const struct ended *ended);
    /* The results of the calls so far were written. May be NULL. */
    void (*written)(void *ctx);
    /* May be NULL. */
    void (*worker)(void *ctx, const sopool_worker_event *event);
    /* All has ended: 0, or -1 after a message. */
    int (*finish)(void *ctx);
    void *ctx;
};

enum { FOLLOWERS = 8 };

struct follow {
    struct follower follower[FOLLOWERS];
    size_t count;
};

void follow_add(struct follow *follow, const struct follower *follower);

/* Tells all of them; of what has happened to the workers up to now. */
void follow_call(const struct follow *follow, const struct ended *ended);
void follow_workers(const struct follow *follow, sopool_pool *pool);

void follow_written(const struct follow *follow);

/* -1 if one of them failed. */
int follow_finish(const struct follow *follow);

#endif
