/* tasks.h - the tasks of a process: plugins opened, ready to be called by id.
 *
 * Ids are those of the pool's catalog: plugins in their order, tasks in the
 * order of their manifests.
 */
#ifndef SOPOOL_WORKER_TASKS_H
#define SOPOOL_WORKER_TASKS_H

#include "plugin/load.h"
#include "value/signature.h"
#include "worker/message.h"
#include "worker/setup.h"

struct task {
    const sopool_task *abi; /* NULL: its plugin cannot be used */
    sopool_direct direct;   /* without serialization, or NULL */
    struct signature signature;
    const char *trouble; /* why not; borrowed from the plugin's entry */
    uint32_t plugin;
};

struct opened_plugin {
    struct plugin loaded;
    char *trouble; /* owned, or NULL */
};

struct tasks {
    struct opened_plugin *plugin; /* owned, setup->plugin_count of them */
    size_t plugin_count;
    struct task *task; /* owned */
    size_t count;
};

/* Is told what is about to be done: names a death by its phase. */
typedef void phase_fn(void *ctx, enum phase phase, size_t plugin);

/* Opens the setup's plugins. One that cannot be opened makes its tasks fail,
 * or everything if the setup says that plugins are required. */
int tasks_open(struct tasks *tasks, const struct worker_setup *setup,
               phase_fn *phase, void *ctx, sopool_error *err);

/* Frees the tables, also after tasks_open has failed; what was opened stays. */
void tasks_finish(struct tasks *tasks);

#endif
