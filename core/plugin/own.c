/* own.c - see own.h. */
#include "plugin/own.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static int add_text(struct buf *raw, const char *text)
{
    return buf_add(raw, text, strlen(text) + 1);
}

/* Begins a record; where it begins. */
static size_t begin(struct buf *raw, uint32_t kind, uint32_t flags)
{
    const sopool_record head = {SOPOOL_RECORD_MAGIC, 0, kind, flags};
    size_t at = raw->size;

    return buf_add(raw, &head, sizeof(head)) == 0 ? at : SIZE_MAX;
}

static int finish(struct buf *raw, size_t at)
{
    static const uint8_t zeros[4];
    uint32_t size = (uint32_t)(raw->size - at);

    memcpy(raw->data + at + offsetof(sopool_record, size), &size, sizeof(size));
    return buf_add(raw, zeros, (4 - raw->size % 4) % 4);
}

static int add_task(struct buf *raw, const sopool_task *task)
{
    size_t at = begin(raw, SOPOOL_RECORD_TASK, task->flags);

    if (at == SIZE_MAX || add_text(raw, task->name) != 0 ||
        add_text(raw, task->signature) != 0 ||
        add_text(raw, task->doc != NULL ? task->doc : "") != 0)
        return -1;
    return finish(raw, at);
}

static int write_records(struct buf *raw, const char *group,
                         const sopool_task *const *tasks, size_t count)
{
    size_t at = begin(raw, SOPOOL_RECORD_PLUGIN,
                      SOPOOL_ABI_MAJOR << 16 | SOPOOL_ABI_MINOR);

    if (at == SIZE_MAX || add_text(raw, group) != 0 || add_text(raw, "") != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (add_text(raw, tasks[i]->name) != 0)
            return -1;
    if (finish(raw, at) != 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (add_task(raw, tasks[i]) != 0)
            return -1;
    return 0;
}

static int check_task(const sopool_task *task, sopool_error *err)
{
    if (task->size < offsetof(sopool_task, record) || task->name == NULL ||
        task->signature == NULL || task->run == NULL)
        return error_set(err, SOPOOL_E_PLUGIN,
                         "the definition of a task is incomplete; write it "
                         "with SOPOOL_TASK");
    return 0;
}

int own_manifest(const struct own_task *own, size_t count, const char *group,
                 struct manifest *out, const sopool_task ***tasks,
                 sopool_error *err)
{
    const sopool_task **list = calloc(count + 1, sizeof(*list));
    struct buf raw = {0};
    size_t used = 0;
    int status = 0;

    if (list == NULL)
        return error_nomem(err);
    for (size_t i = 0; i < count && status == 0; i++)
        if (strcmp(own[i].group, group) == 0) {
            status = check_task(own[i].task, err);
            list[used++] = own[i].task;
        }
    if (status == 0 && write_records(&raw, group, list, used) != 0)
        status = error_nomem(err);
    if (status == 0)
        status = manifest_parse(out, raw.data, raw.size, err);
    buf_finish(&raw);
    if (status == 0)
        *tasks = list;
    else
        free(list);
    return status;
}
