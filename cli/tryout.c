/* tryout.c - see tryout.h. */
#include "tryout.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "session.h"

enum { LONG_END_MS = 60000 };

static bool says(const struct settings *settings, const char *key)
{
    for (size_t i = 0; i < settings->pool_count; i++)
        if (strcmp(settings->pool[i].key, key) == 0)
            return true;
    return false;
}

/* Ours stand first, so that the user's go over them. */
static int fill_settings(struct tryout *t, const struct settings *from)
{
    struct settings *to = &t->settings;
    int status = settings_add(to, "plugin-path", "plugin_path", t->folder);

    if (status == 0 && from->config == NULL && !says(from, "timeout"))
        status = settings_add(to, "timeout", "timeout",
                              from->valgrind ? "60s" : "10s");
    /* One process less to be started in valgrind. */
    if (status == 0 && from->valgrind)
        status = settings_add(to, "start-method", "start_method", "spawn");
    for (size_t i = 0; status == 0 && i < from->pool_count; i++)
        status = settings_add(to, from->pool[i].option, from->pool[i].key,
                              from->pool[i].value);
    return status;
}

int tryout_init(struct tryout *tryout, const struct settings *settings,
                const char *path)
{
    *tryout = (struct tryout){.settings = *settings};
    tryout->settings.pool = NULL;
    tryout->settings.pool_count = 0;
    tryout->settings.arg = NULL;
    tryout->settings.arg_count = 0;
    tryout->path = realpath(path, NULL);
    if (tryout->path == NULL) {
        message("%s: cannot be read: %s", path, strerror(errno));
        return -1;
    }
    tryout->folder = strndup(
        tryout->path, (size_t)(strrchr(tryout->path, '/') - tryout->path));
    if (tryout->folder == NULL) {
        message("out of memory");
        return -1;
    }
    return fill_settings(tryout, settings);
}

void tryout_finish(struct tryout *tryout)
{
    settings_finish(&tryout->settings);
    free(tryout->path);
    free(tryout->folder);
}

/* ---- a pool ------------------------------------------------------------ */

static int set(sopool_options *options, const char *key, const char *value,
               sopool_error *err)
{
    return value == NULL ? 0 : sopool_options_set(options, key, value, err);
}

/* Another plugin of that name, in a folder that is looked at before, would be
 * tried in its place. */
static int check_file(const struct tryout *tryout, sopool_pool *pool,
                      const char *task, sopool_error *err)
{
    const sopool_task_info *info = sopool_find_task(pool, task, err);
    char *path = info != NULL ? realpath(info->path, NULL) : NULL;
    int status = 0;

    if (info == NULL)
        return -1;
    if (path == NULL || strcmp(path, tryout->path) != 0) {
        status = message_refuse(err,
                                "%.300s has a plugin of that name, too, and is "
                                "found first",
                                info->path);
        err->code = SOPOOL_E_PLUGIN;
    }
    free(path);
    return status;
}

sopool_pool *tryout_pool(const struct tryout *tryout, const char *task,
                         const char *processes, const char *timeout,
                         sopool_error *err)
{
    sopool_options *options = settings_options(&tryout->settings);
    sopool_pool *pool = NULL;

    *err = (sopool_error){.code = SOPOOL_E_CONFIG};
    if (options == NULL)
        return NULL;
    if (set(options, "processes", processes, err) == 0 &&
        set(options, "timeout", timeout, err) == 0 &&
        sopool_options_only(options, task, err) == 0)
        pool = sopool_open_options(options, err);
    sopool_options_free(options);
    if (pool == NULL)
        return NULL;
    session_watch(pool);
    if (check_file(tryout, pool, task, err) == 0)
        return pool;
    session_finish(pool);
    return NULL;
}

/* ---- a call ------------------------------------------------------------ */

void tryout_run(const struct tryout *tryout, const char *task,
                const char *timeout, sopool_args args, struct trial *trial)
{
    sopool_pool *pool;

    *trial = (struct trial){0};
    pool = tryout_pool(tryout, task, "1", timeout, &trial->err);
    if (pool == NULL)
        return;
    trial->value = sopool_apply(pool, task, args, &trial->err);
    if (trial->value == NULL && session_ending())
        session_await_end();
    /* What watches may look for leaks at the worker's end. */
    sopool_close(pool);
    (void)sopool_join(pool, LONG_END_MS, NULL);
    session_finish(pool);
    if (watcher_looks(&tryout->watcher))
        trial->report = watcher_report(&tryout->watcher);
}

void trial_finish(struct trial *trial)
{
    sopool_value_free(trial->value);
    free(trial->report);
}
