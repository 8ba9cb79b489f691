/* tryout.h - calls of one plugin, each in a pool of its own, whose only worker
 * nothing else has run in. */
#ifndef SOPOOL_CLI_TRYOUT_H
#define SOPOOL_CLI_TRYOUT_H

#include <sopool.h>

#include "settings.h"
#include "watcher.h"

struct tryout {
    struct settings settings; /* the command's, with the plugin's own */
    char *path, *folder;      /* of the plugin; owned */
    struct watcher watcher;
};

/* What came of a call. */
struct trial {
    sopool_value *value; /* NULL: */
    sopool_error err;
    char *report; /* what the watcher found, or NULL */
};

/* For the plugin in that file. -1 after a message. To be finished in any case.
 */
int tryout_init(struct tryout *tryout, const struct settings *settings,
                const char *path);
void tryout_finish(struct tryout *tryout);

/* A pool for one task, with so many workers (NULL: as the settings say) and
 * that time limit (NULL: the same). NULL: the error says why. */
sopool_pool *tryout_pool(const struct tryout *tryout, const char *task,
                         const char *processes, const char *timeout,
                         sopool_error *err);

/* Calls the task, waits for the worker's end. */
void tryout_run(const struct tryout *tryout, const char *task,
                const char *timeout, sopool_args args, struct trial *trial);
void trial_finish(struct trial *trial);

#endif
