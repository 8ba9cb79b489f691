/* own.h - functions of the program as tasks, in groups that stand beside the
 * plugins. */
#ifndef SOPOOL_PLUGIN_OWN_H
#define SOPOOL_PLUGIN_OWN_H

#include <sopool/abi.h>

#include "plugin/manifest.h"

struct own_task {
    char *group;             /* owned by who keeps the list */
    const sopool_task *task; /* the program's */
};

/* The manifest of the tasks of one group, as if it were a plugin's: so names
 * and signatures are checked in the same way. `tasks` gets them in the order of
 * the manifest; the caller's to free. */
int own_manifest(const struct own_task *own, size_t count, const char *group,
                 struct manifest *out, const sopool_task ***tasks,
                 sopool_error *err);

#endif
