/* load.c - see load.h.
 *
 * The descriptor that was vetted is the one that is opened, as /proc/PID/fd/N,
 * a path that debuggers can open, too.
 * The dynamic linker knows a library by that path too: once N was closed and
 * used again for another file, it would hand out the old library for it. So a
 * process keeps a list of the files that it has opened, each with a descriptor
 * of its own that is never closed.
 */
#include "plugin/load.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/forks.h"

struct opened {
    struct opened *next;
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec modified;
    void *handle;
};

static pthread_mutex_t opened_lock = PTHREAD_MUTEX_INITIALIZER;
static struct opened *opened_list;

static bool same_file(const struct opened *o, const struct stat *st)
{
    return o->device == st->st_dev && o->inode == st->st_ino &&
           o->size == st->st_size && o->modified.tv_sec == st->st_mtim.tv_sec &&
           o->modified.tv_nsec == st->st_mtim.tv_nsec;
}

/* The linker's message, with the path that people know. */
static int refused(const char *path, const char *link, sopool_error *err)
{
    const char *message = dlerror();
    const char *at = message == NULL ? NULL : strstr(message, link);

    if (message == NULL)
        message = "no reason given";
    if (at == NULL)
        return error_set(err, SOPOOL_E_PLUGIN, "%s: cannot be opened: %s", path,
                         message);
    if (at == message && strncmp(at + strlen(link), ": ", 2) == 0)
        return error_set(err, SOPOOL_E_PLUGIN, "%s: cannot be opened: %s", path,
                         at + strlen(link) + 2);
    return error_set(err, SOPOOL_E_PLUGIN, "%s: cannot be opened: %.*s%s%s",
                     path, (int)(at - message), message, path,
                     at + strlen(link));
}

/* A descriptor of our own for ever; high, where few look for theirs. */
static int keep_descriptor(int fd)
{
    int keep = fcntl(fd, F_DUPFD_CLOEXEC, 64);

    if (keep < 0 && errno == EINVAL) /* so many are not allowed */
        keep = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return keep;
}

static void *open_new(int fd, const struct stat *st, const char *path,
                      sopool_error *err)
{
    struct opened *o = calloc(1, sizeof(*o));
    int keep = o == NULL ? -1 : keep_descriptor(fd);
    char link[40];

    if (keep < 0) {
        (void)error_errno(err, "%s: cannot be opened", path);
        free(o);
        return NULL;
    }
    (void)snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)getpid(), keep);
    o->handle = dlopen(link, RTLD_NOW | RTLD_LOCAL);
    if (o->handle == NULL) {
        (void)refused(path, link, err);
        (void)close(keep);
        free(o);
        return NULL;
    }
    o->device = st->st_dev;
    o->inode = st->st_ino;
    o->size = st->st_size;
    o->modified = st->st_mtim;
    o->next = opened_list;
    opened_list = o;
    return o->handle;
}

static void *open_library(int fd, const char *path, sopool_error *err)
{
    struct stat st;
    void *handle = NULL;

    if (fstat(fd, &st) != 0) {
        (void)error_errno(err, "%s: cannot be examined", path);
        return NULL;
    }
    pthread_mutex_lock(&opened_lock);
    for (const struct opened *o = opened_list; o != NULL; o = o->next)
        if (same_file(o, &st))
            handle = o->handle;
    if (handle == NULL)
        handle = open_new(fd, &st, path, err);
    pthread_mutex_unlock(&opened_lock);
    return handle;
}

static int check_plugin(const sopool_plugin *abi, const char *path,
                        const struct manifest *expect, sopool_error *err)
{
    if (abi->magic != SOPOOL_PLUGIN_MAGIC)
        return error_set(err, SOPOOL_E_PLUGIN,
                         "%s: " SOPOOL_PLUGIN_SYMBOL
                         " begins with %08x, a plugin's with %08x",
                         path, abi->magic, SOPOOL_PLUGIN_MAGIC);
    if (!SOPOOL_HAS(abi, sopool_plugin, tasks))
        return error_set(err, SOPOOL_E_PLUGIN,
                         "%s: its description has %u bytes, at least %zu are "
                         "needed; build it with the headers of this sopool",
                         path, abi->size,
                         offsetof(sopool_plugin, tasks) + sizeof(abi->tasks));
    if (abi->minor != (expect->abi & 0xffff) ||
        abi->task_count != expect->task_count || abi->name == NULL ||
        strcmp(abi->name, expect->name) != 0)
        return error_set(err, SOPOOL_E_PLUGIN,
                         "%s: what is in memory is not what its manifest says",
                         path);
    return 0;
}

static const sopool_task *find(const sopool_plugin *abi,
                               const struct manifest_task *expect)
{
    for (uint32_t i = 0; i < abi->task_count; i++) {
        const sopool_task *task = abi->tasks[i];

        if (task != NULL && SOPOOL_HAS(task, sopool_task, run) &&
            task->run != NULL && strcmp(task->name, expect->name) == 0 &&
            strcmp(task->signature, expect->signature) == 0 &&
            task->flags == expect->flags)
            return task;
    }
    return NULL;
}

static int fill_table(struct plugin *out, const char *path,
                      const struct manifest *expect, sopool_error *err)
{
    out->task = calloc(expect->task_count + 1, sizeof(const sopool_task *));
    if (out->task == NULL)
        return error_nomem(err);
    for (size_t i = 0; i < expect->task_count; i++) {
        out->task[i] = find(out->abi, &expect->task[i]);
        if (out->task[i] != NULL)
            continue;
        free(out->task);
        out->task = NULL;
        return error_set(err, SOPOOL_E_PLUGIN,
                         "%s: task %s is not in memory as its manifest says",
                         path, expect->task[i].name);
    }
    return 0;
}

int plugin_load(struct plugin *out, int fd, const char *path,
                const struct manifest *expect, sopool_error *err)
{
    void *handle = open_library(fd, path, err);
    const sopool_plugin *abi;

    memset(out, 0, sizeof(*out));
    if (handle == NULL)
        return -1;
    abi = dlsym(handle, SOPOOL_PLUGIN_SYMBOL);
    if (abi == NULL)
        return error_set(err, SOPOOL_E_PLUGIN,
                         "%s: it has no symbol " SOPOOL_PLUGIN_SYMBOL
                         "; end its source with SOPOOL_PLUGIN(...)",
                         path);
    if (check_plugin(abi, path, expect, err) != 0)
        return -1;
    out->abi = abi;
    if (fill_table(out, path, expect, err) == 0)
        return 0;
    out->abi = NULL;
    return -1;
}

FORKS_WAIT_FOR(opened_lock)
