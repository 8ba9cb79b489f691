/* plugins.c - see plugins.h. */
#include "pool/plugins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"

struct dirs {
    struct catalog_dir *list;
    size_t count;
    char *texts[2]; /* what entries may point into; owned */
};

static int add(struct dirs *dirs, const char *path, bool required)
{
    struct catalog_dir *grown =
        reallocarray(dirs->list, dirs->count + 1, sizeof(*grown));

    if (grown == NULL)
        return -1;
    dirs->list = grown;
    grown[dirs->count++] = (struct catalog_dir){path, required};
    return 0;
}

static int add_environment(struct dirs *dirs)
{
    const char *given = secure_getenv("SOPOOL_PLUGIN_PATH");
    char *rest, *path;

    if (given == NULL)
        return 0;
    rest = dirs->texts[0] = strdup(given);
    if (rest == NULL)
        return -1;
    while ((path = strsep(&rest, ":")) != NULL)
        if (path[0] != '\0' && add(dirs, path, false) != 0)
            return -1;
    return 0;
}

static int add_usual(struct dirs *dirs)
{
    const char *home = secure_getenv("HOME");

    if (home != NULL && home[0] == '/') {
        if (asprintf(&dirs->texts[1], "%s/.local/lib/sopool", home) < 0) {
            dirs->texts[1] = NULL;
            return -1;
        }
        if (add(dirs, dirs->texts[1], false) != 0)
            return -1;
    }
    return add(dirs, SOPOOL_PLUGIN_DIR, false);
}

static int fill(struct dirs *dirs, const sopool_options *options)
{
    for (size_t i = 0; i < options->plugin_first.count; i++)
        if (add(dirs, options->plugin_first.item[i], true) != 0)
            return -1;
    if (add_environment(dirs) != 0)
        return -1;
    for (size_t i = 0; i < options->plugin_path.count; i++)
        if (add(dirs, options->plugin_path.item[i], false) != 0)
            return -1;
    return options->plugin_path.count > 0 ? 0 : add_usual(dirs);
}

static void finish(struct dirs *dirs)
{
    free(dirs->texts[0]);
    free(dirs->texts[1]);
    free(dirs->list);
}

sopool_catalog *plugins_find(const sopool_options *options,
                             sopool_report_fn *report, void *ctx,
                             sopool_error *err)
{
    struct dirs dirs = {0};
    sopool_catalog *catalog = NULL;

    if (fill(&dirs, options) == 0)
        catalog = catalog_open_own(
            options->own, options->own_count, dirs.list, dirs.count,
            (const char *const *)options->plugin_load.item,
            options->plugin_load.count, report, ctx, err);
    else
        (void)error_nomem(err);
    finish(&dirs);
    return catalog;
}

sopool_catalog *sopool_catalog_open(const sopool_options *options,
                                    sopool_report_fn *report, void *ctx,
                                    sopool_error *err)
{
    return plugins_find(options, report, ctx, err);
}

int sopool_options_folders(const sopool_options *options,
                           sopool_folder_fn *each, void *ctx, sopool_error *err)
{
    struct dirs dirs = {0};
    int status = fill(&dirs, options);

    for (size_t i = 0; i < dirs.count; i++)
        each(ctx, dirs.list[i].path);
    finish(&dirs);
    return status == 0 ? 0 : error_nomem(err);
}
