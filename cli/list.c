/* list.c - see list.h. */
#include "list.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sopool/cbor.h>

#include "message.h"
#include "near.h"
#include "output.h"
#include "service/described.h"
#include "status.h"
#include "taskjson.h"

/* The widest column that is still kept for the sake of a few long entries. */
enum { WIDEST = 40 };

static struct output out = {.fd = STDOUT_FILENO};

/* What is to be shown: all tasks, those of a plugin, or one. */
struct listing {
    const sopool_catalog *catalog;     /* of plugins, or NULL: */
    const struct described *described; /* of a service */
    const char *plugin;                /* or NULL */
    const sopool_task_info *task;      /* or NULL */
};

static const sopool_task_info *nth(const struct listing *list, size_t index)
{
    if (list->catalog != NULL)
        return sopool_catalog_task(list->catalog, index);
    return index < list->described->count ? &list->described->task[index]
                                          : NULL;
}

static const sopool_task_info *task_at(const struct listing *list, size_t *at)
{
    const sopool_task_info *task;

    while ((task = nth(list, (*at)++)) != NULL) {
        if (list->task != NULL && task != list->task)
            continue;
        if (list->plugin == NULL || strcmp(list->plugin, task->plugin) == 0)
            return task;
    }
    return NULL;
}

/* ---- as a table -------------------------------------------------------- */

/* How many columns UTF-8 text takes, near enough. */
static size_t width_of(const char *text)
{
    size_t width = 0;

    for (; *text != '\0'; text++)
        width += (*text & 0xc0) != 0x80;
    return width;
}

static void put_column(const char *text, size_t width)
{
    size_t used = width_of(text);

    output_text(&out, text);
    output_bytes(&out, "  ", 2);
    for (; used < width; used++)
        output_byte(&out, ' ');
}

static void widen(size_t *width, const char *text)
{
    size_t wide = width_of(text);

    if (wide > *width && wide <= WIDEST)
        *width = wide;
}

static void put_table(const struct listing *list)
{
    const sopool_task_info *task;
    size_t name = 0, signature = 0, at = 0;

    while ((task = task_at(list, &at)) != NULL) {
        widen(&name, task->name);
        widen(&signature, task->signature);
    }
    at = 0;
    while ((task = task_at(list, &at)) != NULL) {
        put_column(task->name, name);
        if (task->doc[0] == '\0')
            output_text(&out, task->signature);
        else {
            put_column(task->signature, signature);
            output_text(&out, task->doc);
        }
        output_byte(&out, '\n');
    }
}

/* ---- one task ---------------------------------------------------------- */

static void put_field(const char *name, const char *text)
{
    put_column(name, strlen("signature"));
    output_text(&out, text);
    output_byte(&out, '\n');
}

static void put_details(const sopool_task_info *task)
{
    put_field("name", task->name);
    put_field("signature", task->signature);
    put_field("doc", task->doc);
    put_field("plugin", task->plugin);
    put_field("version", task->plugin_version);
    put_field("file", task->path);
    for (size_t i = 0; i < TASK_FLAGS; i++)
        if (task->flags & task_flags[i].flag) {
            put_column("flag", strlen("signature"));
            output_format(&out, "%s: %s\n", task_flags[i].name,
                          task_flags[i].means);
        }
}

/* ---- as JSON ----------------------------------------------------------- */

static void put_array(const struct listing *list)
{
    const sopool_task_info *task;
    const char *before = "[\n";
    size_t at = 0;

    while ((task = task_at(list, &at)) != NULL) {
        output_text(&out, before);
        task_json(&out, task);
        before = ",\n";
    }
    output_text(&out, before[0] == '[' ? "[]\n" : "\n]\n");
}

/* ---- the whole --------------------------------------------------------- */

static bool has_plugin(const struct listing *list, const char *name)
{
    const sopool_task_info *task;

    for (size_t i = 0; (task = nth(list, i)) != NULL; i++)
        if (strcmp(task->plugin, name) == 0)
            return true;
    return false;
}

static const char *near_plugin(const sopool_catalog *catalog, const char *name)
{
    size_t count = sopool_catalog_count(catalog);
    const char **names = calloc(count + 1, sizeof(*names));
    const char *near = NULL;

    if (names == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        names[i] = sopool_catalog_task(catalog, i)->plugin;
    near = near_word(name, names, count);
    free(names);
    return near;
}

/* Fills in what the word names: a plugin or a task. */
static int choose(struct listing *list, const char *name)
{
    const char *near;
    sopool_error err;

    if (has_plugin(list, name)) {
        list->plugin = name;
        return 0;
    }
    if (list->catalog == NULL) {
        list->task = described_find(list->described, name);
        return list->task != NULL ? 0 : -1;
    }
    list->task = sopool_catalog_find(list->catalog, name, &err);
    if (list->task != NULL)
        return 0;
    near = strchr(name, '.') == NULL && err.code == SOPOOL_E_NO_TASK
               ? near_plugin(list->catalog, name)
               : NULL;
    if (near != NULL)
        message("there is no plugin '%.60s'; did you mean '%s'?", name, near);
    else
        message("%s", err.message);
    return -1;
}

static void put(const struct settings *settings, const struct listing *list)
{
    if (settings->json)
        put_array(list);
    else if (list->task != NULL)
        put_details(list->task);
    else if (list->catalog == NULL || nth(list, 0) != NULL)
        put_table(list);
    else
        message("no plugins found; --plugin-path or SOPOOL_PLUGIN_PATH say "
                "where to look");
    output_flush(&out);
}

/* Of one word, or of none (NULL). */
static int show(const struct settings *settings, struct listing *list,
                const char *word)
{
    if (word != NULL && choose(list, word) != 0)
        return EXIT_USAGE;
    put(settings, list);
    return EXIT_GOOD;
}

static int list_service(const struct settings *settings, const char *word)
{
    struct described described = {0};
    struct listing list = {.described = &described};
    int status = EXIT_USAGE;

    if (settings->config != NULL || settings->pool_count > 0)
        message("what the service %s has is the service's to say; with "
                "--service allowed: --json",
                settings->service);
    else
        status = described_ask(&described, settings->service) == 0
                     ? show(settings, &list, word)
                     : EXIT_FAILED;
    described_finish(&described);
    return status;
}

static int list_plugins(const struct settings *settings, const char *word)
{
    sopool_options *options = settings_options(settings);
    sopool_catalog *catalog;
    struct listing list = {0};
    sopool_error err;
    int status;

    if (options == NULL)
        return EXIT_USAGE;
    list.catalog = catalog =
        sopool_catalog_open(options, message_warning, NULL, &err);
    sopool_options_free(options);
    if (catalog == NULL) {
        message("%s", err.message);
        return settings_status(err.code);
    }
    status = show(settings, &list, word);
    sopool_catalog_free(catalog);
    return status;
}

int list_run(const struct command *command, const struct settings *settings,
             int argc, char **argv)
{
    const char *word = argc == 1 ? argv[0] : NULL;

    if (argc > 1)
        return usage(command->name, "list takes one plugin or task, not %d",
                     argc);
    return settings->service != NULL ? list_service(settings, word)
                                     : list_plugins(settings, word);
}
