/* watcher.h - what looks at workers while they run a plugin's tasks: valgrind,
 * or the sanitizers that the plugin was built with. What it finds it writes to
 * files in a folder. */
#ifndef SOPOOL_CLI_WATCHER_H
#define SOPOOL_CLI_WATCHER_H

#include <stdbool.h>

struct watcher {
    const char *folder; /* for its files, borrowed */
    bool valgrind, sanitizers;
};

/* Has all workers that start from now on be watched: by valgrind if the
 * settings ask for it, and by the sanitizers of the plugin in that file if it
 * has any. An exit status, EXIT_GOOD or another after a message. */
int watcher_begin(struct watcher *watcher, const char *plugin, bool valgrind,
                  bool sanitizers);

/* Is anything looking? */
bool watcher_looks(const struct watcher *watcher);

/* What was found since it was last asked, the caller's to free(); NULL:
 * nothing. Workers that have not ended may find more. */
char *watcher_report(const struct watcher *watcher);

#endif
