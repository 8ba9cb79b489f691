/* manifest.c - see manifest.h. */
#include "plugin/manifest.h"

#include <stdlib.h>
#include <string.h>

#include <sopool/abi.h>
#include <sopool/cbor.h>

#include "base/error.h"
#include "value/signature.h"

/* "plugin.task" and its NUL fit into a sopool_error's `task`. */
enum { NAME_MAX_SIZE = 40, BOTH_MAX_SIZE = 62, TASKS = 1024 };

/* A record while it is read: its texts are taken one after the other. */
struct texts {
    const char *at;
    const char *end;
};

static int bad(sopool_error *err, const char *what)
{
    return error_set(err, SOPOOL_E_PLUGIN, "a damaged manifest: %s", what);
}

static const char *take_text(struct texts *t)
{
    const char *text = t->at;
    const char *nul = memchr(text, '\0', (size_t)(t->end - t->at));

    if (nul == NULL || sopool_utf8_span(text, (uint64_t)(nul - text)) !=
                           (uint64_t)(nul - text))
        return NULL;
    t->at = nul + 1;
    return text;
}

static int check_name(const char *what, const char *name, sopool_error *err)
{
    size_t size = strlen(name);

    if (size > 0 && size <= NAME_MAX_SIZE &&
        strchr("0123456789", name[0]) == NULL &&
        strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789") == size)
        return 0;
    return error_set(err, SOPOOL_E_PLUGIN,
                     "'%.60s' cannot be the name of a %s; allowed: up to %d "
                     "lower-case letters, digits and _, no digit first",
                     name, what, NAME_MAX_SIZE);
}

static int check_task_name(const struct manifest *m, const char *name,
                           sopool_error *err)
{
    if (check_name("task", name, err) != 0)
        return -1;
    if (strlen(m->name) + strlen(name) <= BOTH_MAX_SIZE)
        return 0;
    return error_set(err, SOPOOL_E_PLUGIN,
                     "the name %s.%s is too long; allowed: %d bytes", m->name,
                     name, BOTH_MAX_SIZE + 1);
}

/* The record at or behind `*at`: 1, 0 at the end, -1 when damaged. `*at` moves
 * behind it. */
static int next_record(const struct buf *raw, size_t *at, sopool_record *head,
                       struct texts *texts, sopool_error *err)
{
    for (; *at + sizeof(*head) <= raw->size; *at += 4) {
        memcpy(head, raw->data + *at, sizeof(*head));
        if (head->magic == 0)
            continue; /* padding */
        if (head->magic != SOPOOL_RECORD_MAGIC || head->size < sizeof(*head) ||
            head->size > raw->size - *at)
            return bad(err, "a record that is none");
        texts->at = (const char *)raw->data + *at + sizeof(*head);
        texts->end = (const char *)raw->data + *at + head->size;
        *at += (head->size + 3) & ~(size_t)3;
        return 1;
    }
    return 0;
}

/* Finds the plugin's one record. */
static int find_plugin(const struct buf *raw, sopool_record *head,
                       struct texts *texts, sopool_error *err)
{
    struct texts found = {0};
    sopool_record record;
    size_t at = 0;
    int got;

    while ((got = next_record(raw, &at, &record, texts, err)) == 1) {
        if (record.kind != SOPOOL_RECORD_PLUGIN)
            continue;
        if (found.at != NULL)
            return bad(err, "two plugins in one file");
        found = *texts;
        *head = record;
    }
    if (got < 0)
        return -1;
    if (found.at == NULL)
        return bad(err, "no SOPOOL_PLUGIN in it");
    *texts = found;
    return 0;
}

static int check_abi(uint32_t abi, sopool_error *err)
{
    if (abi >> 16 == SOPOOL_ABI_MAJOR)
        return 0;
    return error_set(
        err, SOPOOL_E_PLUGIN,
        "built for plugin ABI %u, this sopool runs ABI %u; " MANIFEST_BUILD,
        abi >> 16, SOPOOL_ABI_MAJOR);
}

static int check_signature(const struct manifest_task *task, sopool_error *err)
{
    struct signature signature;

    if (signature_parse(&signature, task->signature, err) != 0)
        return error_prefix(err, "task %s: ", task->name);
    signature_finish(&signature);
    return 0;
}

/* The one record of the task of that name. */
static int find_task(const struct manifest *m, struct manifest_task *task,
                     const char *name, sopool_error *err)
{
    struct texts texts;
    sopool_record head;
    size_t at = 0;
    int got;

    memset(task, 0, sizeof(*task));
    while ((got = next_record(&m->raw, &at, &head, &texts, err)) == 1) {
        const char *found;

        if (head.kind != SOPOOL_RECORD_TASK)
            continue;
        found = take_text(&texts);
        if (found == NULL || strcmp(found, name) != 0)
            continue;
        if (task->name != NULL)
            return error_set(err, SOPOOL_E_PLUGIN,
                             "a damaged manifest: two records of task %s",
                             name);
        task->name = found;
        task->signature = take_text(&texts);
        task->doc = take_text(&texts);
        task->flags = head.flags;
    }
    if (got < 0)
        return -1;
    if (task->name == NULL)
        return error_set(err, SOPOOL_E_PLUGIN,
                         "a damaged manifest: no record of task %s", name);
    if (task->signature == NULL || task->doc == NULL)
        return bad(err, "a task without its texts");
    return check_signature(task, err);
}

static bool known(const struct manifest *m, const char *name)
{
    for (size_t i = 0; i < m->task_count; i++)
        if (strcmp(m->task[i].name, name) == 0)
            return true;
    return false;
}

static int read_tasks(struct manifest *m, struct texts *texts,
                      sopool_error *err)
{
    while (texts->at < texts->end) {
        const char *name = take_text(texts);
        struct manifest_task *grown;

        if (name == NULL)
            return bad(err, "a task's name that is none");
        if (check_task_name(m, name, err) != 0)
            return -1;
        if (known(m, name))
            return bad(err, "a task twice");
        if (m->task_count == TASKS)
            return bad(err, "too many tasks");
        grown = reallocarray(m->task, m->task_count + 1, sizeof(*grown));
        if (grown == NULL)
            return error_nomem(err);
        m->task = grown;
        if (find_task(m, &m->task[m->task_count], name, err) != 0)
            return -1;
        m->task_count++;
    }
    return 0;
}

static int parse(struct manifest *m, sopool_error *err)
{
    sopool_record head = {0};
    struct texts texts = {0};

    if (find_plugin(&m->raw, &head, &texts, err) != 0)
        return -1;
    m->abi = head.flags;
    if (check_abi(m->abi, err) != 0)
        return -1;
    m->name = take_text(&texts);
    m->version = m->name == NULL ? NULL : take_text(&texts);
    if (m->version == NULL || strlen(m->version) > 60)
        return bad(err, "a plugin without name or version");
    if (check_name("plugin", m->name, err) != 0)
        return -1;
    return read_tasks(m, &texts, err);
}

int manifest_parse(struct manifest *m, const void *section, size_t size,
                   sopool_error *err)
{
    memset(m, 0, sizeof(*m));
    if (buf_add(&m->raw, section, size) != 0)
        return error_nomem(err);
    if (parse(m, err) == 0)
        return 0;
    manifest_finish(m);
    return -1;
}

int manifest_read(struct manifest *m, int fd, sopool_error *err)
{
    memset(m, 0, sizeof(*m));
    if (elf_read_section(fd, SOPOOL_MANIFEST_SECTION, &m->raw, err) == 0 &&
        parse(m, err) == 0)
        return 0;
    manifest_finish(m);
    return -1;
}

void manifest_finish(struct manifest *m)
{
    free(m->task);
    buf_finish(&m->raw);
    memset(m, 0, sizeof(*m));
}
