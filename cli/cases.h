/* cases.h - what a plugin's tasks are expected to give: a YAML file, a list of
 * calls.
 *
 *     - task: math.square           # or without the plugin's name
 *       args: [-3]                  # or {x: -3}
 *       result: 9
 *     - {task: square, args: [.inf], error: too large}
 */
#ifndef SOPOOL_CLI_CASES_H
#define SOPOOL_CLI_CASES_H

#include <stddef.h>

/* A place in the file, both from 1. */
struct mark {
    size_t line, column;
};

/* Texts are owned; NULL: the case has none. */
struct test_case {
    char *name;
    char *task;
    char *args;    /* JSON: an array, or an object of them by name */
    char *result;  /* JSON: what the call gives */
    char *error;   /* or: what stands in the message of how it fails */
    char *timeout; /* the time limit, as the pool's option has it */
    double within; /* how far numbers in the result may be off */
    struct mark at, args_at, result_at;
};

struct cases {
    const char *path; /* borrowed */
    struct test_case *item;
    size_t count;
};

/* 0, or -1 after messages that say all that is wrong with the file. To be
 * finished in any case. */
int cases_read(struct cases *cases, const char *path);
void cases_finish(struct cases *cases);

#endif
