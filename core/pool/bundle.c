/* bundle.c - what is kept of a call that ended its worker: a folder with all
 * that is needed to understand it and to run it again. See pool.h.
 *
 *     report.txt   for people
 *     call.cbor    for `sopool replay`: a map of build_id, plugin, task, args,
 *                  and of initializer and initargs if the pool had them
 */
#include "pool/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sopool/cbor.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "value/buffer.h"
#include "value/encode.h"
#include "value/number.h"

enum {
    CRASHES_MOST = 100,    /* bundles of one pool: a storm must fill no disk */
    ARGS_MOST = 256 << 20, /* larger arguments are left out */
    OUTPUT_ROOM = 4096,
};

/* ---- the folder -------------------------------------------------------- */

static void make_name(const struct sopool_pool *pool, char *out, size_t room)
{
    const time_t now = (time_t)(clock_since_1970(clock_now()) / NS_PER_S);
    struct tm tm;
    char time[32];

    (void)gmtime_r(&now, &tm);
    (void)strftime(time, sizeof(time), "%Y%m%dT%H%M%SZ", &tm);
    (void)snprintf(out, room, "crash-%s-%d-%u", time, (int)getpid(),
                   pool->crashes);
}

static int write_file(int folder, const char *name, const struct buf *what)
{
    CLEANUP_FD int fd =
        openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    return fd < 0 ? -1 : file_write(fd, what->data, what->size);
}

/* ---- call.cbor --------------------------------------------------------- */

/* The arguments of a call, added to `out`: 0, or -1 and errno. */
static int add_args(const struct batch *batch,
                    const struct signature *signature, uint32_t index,
                    struct buf *out)
{
    struct spilled where;
    size_t size;
    void *room;

    if (!batch_spilled(batch, index, &where)) {
        struct buf sent = {0};
        uint8_t *to =
            buf_room(&sent, batch_room(batch, index, 1) + NUMBER_LIST);
        int status = -1;

        if (to != NULL) {
            size = batch_write_list(batch, signature, index, to);
            status = buf_add(out, to, size);
        }
        buf_finish(&sent);
        return status;
    }
    errno = EFBIG;
    if (where.size > ARGS_MOST)
        return -1;
    size = (size_t)where.size;
    if (where.buffer != NULL) {
        const void *data =
            sopool_buffer_data((sopool_buffer *)(uintptr_t)where.buffer);
        return buf_add(out, where.head, where.head_size) == 0
                   ? buf_add(out, data, size)
                   : -1;
    }
    if ((room = buf_room(out, size)) == NULL)
        return -1;
    if (pread(batch->store->file, room, size, (off_t)where.offset) !=
        (ssize_t)size)
        return -1;
    out->size += size;
    return 0;
}

static void put_text(sopool_writer *w, const char *key, const char *text)
{
    (void)sopool_put_text(w, key, strlen(key));
    (void)sopool_put_text(w, text, sopool_utf8_span(text, strlen(text)));
}

/* The keys in the order of the profile: shorter ones first. */
static int encode(const struct sopool_pool *pool, const struct batch *batch,
                  uint32_t index, struct buf *out)
{
    const sopool_task_info *task = &pool->catalog->task[batch->task];
    const char *initializer = pool->options->initializer;
    struct buf args = {0};
    sopool_writer w = buf_writer(out);
    int status =
        add_args(batch, &pool->catalog->signature[batch->task], index, &args);

    (void)sopool_put_map(&w, initializer != NULL ? 6 : 4);
    (void)sopool_put_text(&w, "args", 4);
    if (status == 0)
        (void)sopool_put_raw(&w, args.data, args.size);
    put_text(&w, "task", task->name);
    put_text(&w, "plugin", task->path);
    put_text(&w, "build_id", task->build_id);
    if (initializer != NULL) {
        (void)sopool_put_text(&w, "initargs", 8);
        (void)sopool_put_raw(&w, pool->setup.initargs.data,
                             pool->setup.initargs.size);
        put_text(&w, "initializer", initializer);
    }
    buf_finish(&args);
    return status == 0 ? buf_written(out, &w) : -1;
}

/* ---- report.txt -------------------------------------------------------- */

static void write_usage(FILE *file, const struct member *m)
{
    if (!m->usage_known)
        return;
    (void)fprintf(file, "memory      %" PRIu32 " KiB at most\n", m->usage_kib);
    (void)fprintf(file, "processor   %" PRIu32 ".%03" PRIu32 " s\n",
                  m->usage_ms / 1000, m->usage_ms % 1000);
}

static void write_output(FILE *file, const struct member *m)
{
    char text[OUTPUT_ROOM];
    size_t size = 0;

    if (m->pool->logger != NULL)
        size = logger_last(m->pool->logger, m->id, text, sizeof(text));
    if (size == 0)
        return;
    (void)fprintf(file, "\nIts last output:\n\n");
    (void)fwrite(text, 1, size, file);
}

static void write_report(FILE *file, const struct member *m,
                         const struct batch *batch, const char *path,
                         const sopool_error *err)
{
    const struct sopool_pool *pool = m->pool;
    const sopool_task_info *task = &pool->catalog->task[batch->task];

    (void)fprintf(file, "%s\n\n", err->message);
    (void)fprintf(file, "task        %s\n", task->name);
    (void)fprintf(file, "plugin      %s\n", task->path);
    (void)fprintf(file, "version     %s\n", task->plugin_version);
    (void)fprintf(file, "build-id    %s\n",
                  task->build_id[0] != '\0' ? task->build_id : "none");
    (void)fprintf(file, "worker      %d, started by %s\n", err->pid,
                  start_method_name(pool->options->start_method));
    (void)fprintf(file, "ended by    %s\n", sopool_ender_name(err->ended_by));
    if (err->signal != 0)
        (void)fprintf(file, "signal      %d\n", err->signal);
    if (err->exit_status >= 0)
        (void)fprintf(file, "status      %d\n", err->exit_status);
    write_usage(file, m);
    if (pool->options->chaos.on)
        (void)fprintf(file, "chaos seed  %" PRIu64 "\n",
                      pool->options->chaos.seed);
    (void)fprintf(file, "\nTo run it again:\n\n    sopool replay %s\n", path);
    cause_stack(m, err->signal, file);
    write_output(file, m);
}

static int report(const struct member *m, const struct batch *batch,
                  const char *path, const sopool_error *err, struct buf *out)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    int status;

    if (file == NULL)
        return -1;
    write_report(file, m, batch, path, err);
    status = fclose(file);
    if (status == 0)
        status = buf_add(out, text, size);
    free(text);
    return status;
}

/* ---- all of it --------------------------------------------------------- */

static int fill(const struct member *m, const struct batch *batch,
                uint32_t index, const char *path, const sopool_error *err)
{
    CLEANUP_FD int folder =
        open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    struct buf call = {0}, text = {0};
    int status = folder < 0 ? -1 : 0;

    if (status == 0)
        status = encode(m->pool, batch, index, &call);
    if (status == 0)
        status = write_file(folder, "call.cbor", &call);
    if (status == 0)
        status = report(m, batch, path, err, &text);
    if (status == 0)
        status = write_file(folder, "report.txt", &text);
    buf_finish(&call);
    buf_finish(&text);
    return status;
}

static bool is_crash(const sopool_error *err)
{
    return err->code == SOPOOL_E_DIED || err->code == SOPOOL_E_PROTOCOL;
}

void bundle_keep(struct member *m, const struct batch *batch, uint32_t index,
                 sopool_error *err)
{
    struct sopool_pool *pool = m->pool;
    const char *dir = pool->options->crash_dir;
    CLEANUP_FREE char *path = NULL;
    char name[80];
    int status = -1;

    if (dir == NULL || !is_crash(err) || pool->crashes == CRASHES_MOST)
        return;
    pool->crashes++;
    make_name(pool, name, sizeof(name));
    if (asprintf(&path, "%s/%s", dir, name) < 0)
        path = NULL;
    else if ((mkdir(dir, 0700) == 0 || errno == EEXIST) &&
             mkdir(path, 0700) == 0)
        status = fill(m, batch, index, path, err);
    if (status == 0)
        cause_add(err, "; kept in %s", path);
    else
        cause_add(err, "; cannot be kept in %s: %s", dir, strerror(errno));
}
