/* load.h - opening a plugin in the process that is to run its tasks. */
#ifndef SOPOOL_PLUGIN_LOAD_H
#define SOPOOL_PLUGIN_LOAD_H

#include <sopool/abi.h>

#include "plugin/manifest.h"

struct plugin {
    const sopool_plugin *abi;
    const sopool_task **task; /* owned; in the order of the manifest */
};

/* Opens the file behind the descriptor and compares what is in memory with the
 * manifest that was read before. Runs the plugin's constructors, but calls no
 * function of it. Never undone: what runs in a process stays in it. */
int plugin_load(struct plugin *out, int fd, const char *path,
                const struct manifest *expect, sopool_error *err);

#endif
