/* tidy.h - a worker process put back in order after tasks: what belongs to the
 * whole process, and so to the calls that come, is as it was before.
 *
 * That costs some microseconds, so it is not done after each short call, but
 * so often that a call is never met by what another one did more than
 * TIDY_NS before.
 */
#ifndef SOPOOL_WORKER_TIDY_H
#define SOPOOL_WORKER_TIDY_H

#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { TIDY_NS = 500000, TIDY_SIGNALS = 32 };

struct tidy_file {
    dev_t dev;
    ino_t ino;
};

/* How things are to be. */
struct tidy_order {
    uid_t user;
    mode_t mask;
    int folder; /* the working directory */
    struct tidy_file folder_is;
    sigset_t blocked;
    struct sigaction action[TIDY_SIGNALS];
    stack_t stack;
    struct rlimit limit[RLIM_NLIMITS];
    char *locale;
    locale_t thread_locale;
    char **environment; /* owned, with its texts */
};

struct tidy {
    const struct tidy_order *order;
    struct tidy_order *own; /* the same, or NULL: inherited */

    int64_t done_ns; /* when it was last in order */
    uint32_t look;   /* calls before the clock is looked at */
    uint32_t step;
    bool used; /* a task has run since */

    /* What is each process's own. */
    int control; /* the worker's socket */
    pid_t group;
    struct tidy_file output_is[2], control_is;
};

/* Takes down how things are: 0, or -1 when there is no memory. */
int tidy_init(struct tidy *tidy, int control);
void tidy_finish(struct tidy *tidy);

/* The same in a process that was just forked from where `before` was taken:
 * only what is different in it is looked at, and nothing is copied. */
void tidy_inherit(struct tidy *tidy, const struct tidy *before, int control);

/* Puts back what is not as it was. NULL, or why this worker is not fit for more
 * calls. */
const char *tidy_up(struct tidy *tidy);

/* The same if it is time: after a call, and before one, where the time is given
 * and is then that after it. */
const char *tidy_when_due(struct tidy *tidy);

static inline const char *tidy_after(struct tidy *tidy)
{
    tidy->used = true;
    return --tidy->look > 0 ? NULL : tidy_when_due(tidy);
}

const char *tidy_before(struct tidy *tidy, int64_t *now);

/* The same if a task has run, when there is nothing else to do. */
const char *tidy_idle(struct tidy *tidy);

#endif
