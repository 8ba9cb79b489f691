/* settings.c - see settings.h. */
#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include "duration.h"
#include "message.h"
#include "service/relay.h"
#include "status.h"

int settings_add(struct settings *settings, const char *option, const char *key,
                 const char *value)
{
    struct pool_setting *grown =
        reallocarray(settings->pool, settings->pool_count + 1, sizeof(*grown));

    if (grown == NULL) {
        message("out of memory");
        return -1;
    }
    settings->pool = grown;
    grown[settings->pool_count++] = (struct pool_setting){option, key, value};
    return 0;
}

int settings_add_arg(struct settings *settings, const char *text)
{
    const char **grown =
        reallocarray(settings->arg, settings->arg_count + 1, sizeof(*grown));

    if (grown == NULL) {
        message("out of memory");
        return -1;
    }
    settings->arg = grown;
    grown[settings->arg_count++] = text;
    return 0;
}

void settings_finish(struct settings *settings)
{
    free(settings->arg);
    settings->arg = NULL;
    settings->arg_count = 0;
    free(settings->pool);
    settings->pool = NULL;
    settings->pool_count = 0;
}

/* ---- the pool's options ------------------------------------------------ */

struct complaints {
    size_t count;
};

static void complain(void *ctx, const char *complaint)
{
    struct complaints *complaints = ctx;

    complaints->count++;
    message_line(NULL, complaint);
}

int settings_read(sopool_options *options, const char *path)
{
    struct complaints complaints = {0};
    sopool_error err = {0};

    if (sopool_options_load(options, path, complain, &complaints, &err) == 0)
        return 0;
    if (complaints.count == 0)
        message("%s", err.message);
    return -1;
}

/* The reason without the key, which on the command line has another name. */
static const char *reason(const struct pool_setting *setting,
                          const sopool_error *err)
{
    size_t size = strlen(setting->key);

    if (strncmp(err->message, setting->key, size) == 0 &&
        strncmp(err->message + size, ": ", 2) == 0)
        return err->message + size + 2;
    return err->message;
}

/* All but that key, if it is not NULL. */
static int apply(sopool_options *options, const struct settings *settings,
                 const char *but)
{
    int status = 0;

    for (size_t i = 0; i < settings->pool_count; i++) {
        const struct pool_setting *setting = &settings->pool[i];
        sopool_error err = {0};

        if (but != NULL && strcmp(setting->key, but) == 0)
            continue;
        if (sopool_options_set(options, setting->key, setting->value, &err) ==
            0)
            continue;
        message("--%s: %s", setting->option, reason(setting, &err));
        status = -1;
    }
    return status;
}

sopool_options *settings_options(const struct settings *settings)
{
    sopool_options *options = sopool_options_new();

    if (options == NULL) {
        message("out of memory");
        return NULL;
    }
    if ((!settings->seen ||
         sopool_options_set(options, "status", "auto", NULL) == 0) &&
        (settings->config == NULL ||
         settings_read(options, settings->config) == 0) &&
        apply(options, settings, NULL) == 0)
        return options;
    sopool_options_free(options);
    return NULL;
}

/* ---- a service instead ------------------------------------------------- */

/* The time limit of calls, which is the service's to keep; 0: none is given. */
static int take_timeout(const struct settings *settings, int64_t *ms)
{
    *ms = 0;
    for (size_t i = 0; i < settings->pool_count; i++) {
        const struct pool_setting *setting = &settings->pool[i];

        if (strcmp(setting->key, "timeout") != 0)
            continue;
        *ms = duration_ms(setting->value);
        if (*ms < 0) {
            message("--timeout: '%.60s' is not right; allowed: a number and "
                    "ms, s, m or h, such as 30s",
                    setting->value);
            return -1;
        }
    }
    return 0;
}

/* What is left to say of a pool whose workers are a service's. */
static int check_service(const struct settings *settings)
{
    static const char *const allowed[] = {"processes", "timeout", "chunksize",
                                          "status"};
    enum { ALLOWED = sizeof(allowed) / sizeof(allowed[0]) };

    if (settings->config != NULL) {
        message("--config is for a pool of your own, not for a --service");
        return -1;
    }
    for (size_t i = 0; i < settings->pool_count; i++) {
        size_t k = 0;

        while (k < ALLOWED && strcmp(allowed[k], settings->pool[i].key) != 0)
            k++;
        if (k == ALLOWED) {
            message("--%s is the service's to say; with --service allowed: "
                    "--processes, --timeout, --chunksize, --status",
                    settings->pool[i].option);
            return -1;
        }
    }
    return 0;
}

/* Its own first, so that the command line has the last word. */
static sopool_options *service_options(const struct settings *settings,
                                       const char *task, int *status)
{
    sopool_options *options = sopool_options_new();
    int64_t timeout_ms;

    if (options == NULL) {
        message("out of memory");
        return NULL;
    }
    if (check_service(settings) == 0 &&
        take_timeout(settings, &timeout_ms) == 0) {
        *status = relay_options(options, settings, timeout_ms, task);
        if (*status == EXIT_GOOD &&
            (!settings->seen ||
             sopool_options_set(options, "status", "auto", NULL) == 0) &&
            apply(options, settings, timeout_ms > 0 ? "timeout" : NULL) == 0)
            return options;
        *status = *status == EXIT_GOOD ? EXIT_USAGE : *status;
    }
    sopool_options_free(options);
    return NULL;
}

sopool_options *settings_task_options(const struct settings *settings,
                                      const char *task, int *status)
{
    *status = EXIT_USAGE;
    return settings->service != NULL ? service_options(settings, task, status)
                                     : settings_options(settings);
}

/* ---- the pool ---------------------------------------------------------- */

/* Says why there is no such plugin: among all tasks another name is near. */
static void explain(const struct settings *settings, const char *task,
                    const sopool_error *why)
{
    sopool_options *options = settings_options(settings);
    sopool_catalog *catalog = NULL;
    sopool_error err = *why;

    if (options != NULL)
        catalog = sopool_catalog_open(options, NULL, NULL, NULL);
    if (catalog != NULL && sopool_catalog_find(catalog, task, &err) != NULL)
        err = *why;
    message("%s", err.message);
    sopool_catalog_free(catalog);
    sopool_options_free(options);
}

sopool_pool *settings_pool(const struct settings *settings, const char *task,
                           int *status)
{
    sopool_options *options = settings_task_options(settings, task, status);
    sopool_error err = {0};
    sopool_pool *pool = NULL;

    if (options == NULL)
        return NULL;
    if (sopool_options_only(options, task, &err) == 0)
        pool = sopool_open_options(options, &err);
    sopool_options_free(options);
    if (pool != NULL)
        return pool;
    if (err.code == SOPOOL_E_PLUGIN)
        explain(settings, task, &err);
    else
        message("%s", err.message);
    *status = settings_status(err.code);
    return NULL;
}

int settings_status(int code)
{
    switch (code) {
    case SOPOOL_E_USAGE:
    case SOPOOL_E_CONFIG:
    case SOPOOL_E_PLUGIN:
    case SOPOOL_E_NO_TASK:
        return EXIT_USAGE;
    case SOPOOL_E_BROKEN:
        return EXIT_BROKEN;
    default:
        return EXIT_FAILED;
    }
}
