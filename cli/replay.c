/* replay.c - see replay.h.
 *
 * The call runs in a thread of this process, so that it crashes here: where a
 * debugger is, a core file is written, and valgrind looks.
 */
#include "replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sopool/cbor.h>

#include "message.h"
#include "output.h"
#include "render.h"
#include "session.h"
#include "status.h"

static struct output out;

/* What stands in the bundle's call.cbor. Texts are owned. */
struct call {
    uint8_t *data; /* the file, owned */
    size_t size;
    char *task, *plugin, *build_id, *initializer;
    sopool_blob args, initargs;
};

/* ---- reading ----------------------------------------------------------- */

static int read_whole(int fd, struct call *call)
{
    struct stat st;
    size_t done = 0;

    if (fstat(fd, &st) != 0 || st.st_size < 0)
        return -1;
    call->data = malloc((size_t)st.st_size + 1);
    if (call->data == NULL)
        return -1;
    while (done < (size_t)st.st_size) {
        ssize_t got = read(fd, call->data + done, (size_t)st.st_size - done);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    call->size = done;
    return 0;
}

static int take_text(sopool_reader *r, char **to)
{
    sopool_text text;

    if (sopool_read_text(r, &text) != 0)
        return -1;
    free(*to);
    *to = strndup(text.ptr, (size_t)text.size);
    return *to != NULL ? 0 : -1;
}

static int take_pair(struct call *call, sopool_reader *r)
{
    sopool_text key;
    sopool_blob other;

    if (sopool_read_text(r, &key) != 0)
        return -1;
    if (sopool_text_is(key, "args"))
        return sopool_read_raw(r, &call->args);
    if (sopool_text_is(key, "initargs"))
        return sopool_read_raw(r, &call->initargs);
    if (sopool_text_is(key, "task"))
        return take_text(r, &call->task);
    if (sopool_text_is(key, "plugin"))
        return take_text(r, &call->plugin);
    if (sopool_text_is(key, "build_id"))
        return take_text(r, &call->build_id);
    if (sopool_text_is(key, "initializer"))
        return take_text(r, &call->initializer);
    return sopool_read_raw(r, &other);
}

static int decode(struct call *call)
{
    sopool_reader r = sopool_reader_of(call->data, call->size);
    uint64_t pairs;

    if (sopool_cbor_check(call->data, call->size) != NULL ||
        sopool_read_map(&r, &pairs) != 0)
        return -1;
    while (pairs-- > 0)
        if (take_pair(call, &r) != 0)
            return -1;
    return call->task != NULL && call->plugin != NULL && call->args.size > 0
               ? 0
               : -1;
}

static void call_finish(struct call *call)
{
    free(call->data);
    free(call->task);
    free(call->plugin);
    free(call->build_id);
    free(call->initializer);
}

static int call_read(struct call *call, const char *bundle)
{
    int folder = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd =
        folder < 0 ? -1 : openat(folder, "call.cbor", O_RDONLY | O_CLOEXEC);
    int status = fd < 0 ? -1 : read_whole(fd, call);

    if (status != 0)
        message("%s: cannot read call.cbor in it: %s; a bundle is a folder "
                "that --crash-dir has made",
                bundle, strerror(errno));
    else if ((status = decode(call)) != 0)
        message("%s/call.cbor: damaged, or none of --crash-dir", bundle);
    if (fd >= 0)
        (void)close(fd);
    if (folder >= 0)
        (void)close(folder);
    return status;
}

/* ---- running ----------------------------------------------------------- */

static int set(sopool_options *options, const char *key, const char *value)
{
    sopool_error err;

    if (sopool_options_set(options, key, value, &err) == 0)
        return 0;
    message("%s", err.message);
    return -1;
}

/* One thread, and the plugin from where it was. */
static sopool_pool *open_pool(const struct call *call)
{
    sopool_options *options = sopool_options_new();
    const char *slash = strrchr(call->plugin, '/');
    char *folder = slash != NULL
                       ? strndup(call->plugin, (size_t)(slash - call->plugin))
                       : strdup(".");
    sopool_pool *pool = NULL;
    sopool_error err;

    if (options == NULL || folder == NULL)
        message("out of memory");
    else if (set(options, "start_method", "thread") == 0 &&
             set(options, "processes", "1") == 0 &&
             set(options, "plugin_path", folder) == 0) {
        if (sopool_options_only(options, call->task, &err) == 0)
            pool = sopool_open_options(options, &err);
        if (pool == NULL)
            message("%s", err.message);
    }
    free(folder);
    sopool_options_free(options);
    return pool;
}

static void compare(const struct call *call, const sopool_task_info *task)
{
    if (strcmp(task->path, call->plugin) != 0)
        message("the call ran in %s; this is %s", call->plugin, task->path);
    else if (call->build_id != NULL &&
             strcmp(task->build_id, call->build_id) != 0)
        message("%s was built anew since the crash", call->plugin);
}

static sopool_value *apply(sopool_pool *pool, const char *task,
                           const sopool_blob *args)
{
    sopool_error err;
    sopool_value *value = sopool_apply(
        pool, task, sopool_args_cbor(args->ptr, (size_t)args->size), &err);

    if (value == NULL)
        message("%s: %s", task, err.message);
    return value;
}

/* What the call gives if it does not crash this time. */
static int run(sopool_pool *pool, const struct call *call)
{
    const sopool_task_info *task;
    sopool_value *value;
    sopool_error err;
    const void *item;
    size_t size;

    task = sopool_find_task(pool, call->task, &err);
    if (task == NULL) {
        message("%s", err.message);
        return EXIT_USAGE;
    }
    compare(call, task);
    if (call->initializer != NULL) {
        value = apply(pool, call->initializer, &call->initargs);
        if (value == NULL)
            return EXIT_FAILED;
        sopool_value_free(value);
    }
    value = apply(pool, call->task, &call->args);
    if (value == NULL)
        return EXIT_FAILED;
    item = sopool_value_cbor(value, &size);
    render_text(&out, item, size);
    output_byte(&out, '\n');
    output_flush(&out);
    sopool_value_free(value);
    return EXIT_GOOD;
}

static int replay(const char *bundle)
{
    struct call call = {0};
    sopool_pool *pool = NULL;
    int status = EXIT_USAGE;

    if (call_read(&call, bundle) == 0)
        pool = open_pool(&call);
    if (pool != NULL) {
        session_watch(pool);
        status = run(pool, &call);
        session_finish(pool);
    }
    call_finish(&call);
    return status;
}

/* ---- under another program --------------------------------------------- */

/* Does not return unless that program cannot be started. */
static int run_under(const char *const *program, const char *bundle)
{
    char self[4096];
    const char *argv[16];
    ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
    size_t count = 0;

    if (size < 0) {
        message("cannot find out which program this is: %s", strerror(errno));
        return EXIT_FAILED;
    }
    self[size] = '\0';
    while (*program != NULL)
        argv[count++] = *program++;
    argv[count++] = self;
    argv[count++] = "replay";
    argv[count++] = "--";
    argv[count++] = bundle;
    argv[count] = NULL;
    (void)execvp(argv[0], (char *const *)(uintptr_t)argv);
    message("cannot run %s: %s", argv[0], strerror(errno));
    return EXIT_USAGE;
}

int replay_run(const struct command *command, const struct settings *settings,
               int argc, char **argv)
{
    static const char *const gdb[] = {"gdb", "-q",     "-ex",
                                      "run", "--args", NULL};
    static const char *const valgrind[] = {"valgrind", NULL};

    if (argc != 1)
        return usage(command->name, "replay needs one bundle, a folder that "
                                    "--crash-dir has made");
    if (settings->gdb && settings->valgrind)
        return usage(command->name, "--gdb and --valgrind: one at a time");
    if (settings->gdb)
        return run_under(gdb, argv[0]);
    if (settings->valgrind)
        return run_under(valgrind, argv[0]);
    if (session_begin() != 0)
        return EXIT_FAILED;
    out.fd = session_output();
    return replay(argv[0]);
}
