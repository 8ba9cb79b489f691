/* tasks.c - see tasks.h. */
#include "worker/tasks.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static size_t count_tasks(const struct worker_setup *setup)
{
    size_t count = 0;

    for (size_t i = 0; i < setup->plugin_count; i++)
        count += setup->plugin[i].manifest->task_count;
    return count;
}

static const sopool_task **copy_own(const struct setup_plugin *plugin)
{
    size_t count = plugin->manifest->task_count;
    const sopool_task **copy = calloc(count + 1, sizeof(*copy));

    if (copy != NULL)
        memcpy(copy, plugin->own, count * sizeof(*copy));
    return copy;
}

static int open_plugin(struct opened_plugin *opened,
                       const struct worker_setup *setup, size_t index,
                       sopool_error *err)
{
    const struct setup_plugin *plugin = &setup->plugin[index];
    sopool_error trouble = {0};

    if (plugin->own != NULL) {
        opened->loaded.task = copy_own(plugin);
        return opened->loaded.task == NULL ? error_nomem(err) : 0;
    }
    if (plugin->skip) {
        opened->trouble =
            strdup("its plugin is opened by the start method spawn alone");
        return opened->trouble == NULL ? error_nomem(err) : 0;
    }
    if (plugin_load(&opened->loaded, plugin->fd, plugin->path, plugin->manifest,
                    &trouble) == 0)
        return 0;
    if (setup->plugins_required) {
        if (err != NULL)
            *err = trouble;
        return -1;
    }
    opened->trouble = strdup(trouble.message);
    return opened->trouble == NULL ? error_nomem(err) : 0;
}

static void set_task(struct task *task, const sopool_task *abi)
{
    task->abi = abi;
    if (abi != NULL && SOPOOL_HAS(abi, sopool_task, direct))
        task->direct = abi->direct;
}

static int add_tasks(struct tasks *tasks, const struct worker_setup *setup,
                     size_t index, sopool_error *err)
{
    const struct manifest *manifest = setup->plugin[index].manifest;
    const struct opened_plugin *opened = &tasks->plugin[index];

    for (size_t i = 0; i < manifest->task_count; i++) {
        struct task *task = &tasks->task[tasks->count];

        if (signature_parse(&task->signature, manifest->task[i].signature,
                            err) != 0)
            return -1;
        task->plugin = (uint32_t)index;
        task->trouble = opened->trouble;
        if (opened->trouble == NULL)
            set_task(task, opened->loaded.task[i]);
        tasks->count++;
    }
    return 0;
}

int tasks_open(struct tasks *tasks, const struct worker_setup *setup,
               phase_fn *phase, void *ctx, sopool_error *err)
{
    memset(tasks, 0, sizeof(*tasks));
    tasks->plugin = calloc(setup->plugin_count + 1, sizeof(*tasks->plugin));
    tasks->task = calloc(count_tasks(setup) + 1, sizeof(*tasks->task));
    if (tasks->plugin == NULL || tasks->task == NULL)
        return error_nomem(err);
    tasks->plugin_count = setup->plugin_count;
    for (size_t i = 0; i < setup->plugin_count; i++) {
        phase(ctx, PHASE_OPEN, i);
        if (open_plugin(&tasks->plugin[i], setup, i, err) != 0 ||
            add_tasks(tasks, setup, i, err) != 0)
            return -1;
    }
    return 0;
}

void tasks_finish(struct tasks *tasks)
{
    for (size_t i = 0; i < tasks->count; i++)
        signature_finish(&tasks->task[i].signature);
    for (size_t i = 0; i < tasks->plugin_count; i++) {
        free(tasks->plugin[i].loaded.task);
        free(tasks->plugin[i].trouble);
    }
    free(tasks->task);
    free(tasks->plugin);
    memset(tasks, 0, sizeof(*tasks));
}
