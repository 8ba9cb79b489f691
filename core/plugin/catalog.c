/* catalog.c - see catalog.h. */
#include "plugin/catalog.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/libc.h"
#include "base/near.h"
#include "plugin/vet.h"

/* What a search has been given, and what it fills. */
struct search {
    sopool_catalog *catalog;
    const char *const *load;
    size_t load_count;
    sopool_report_fn *report;
    void *ctx;
};

/* ---- finding files ----------------------------------------------------- */

static bool wanted(const struct search *s, const char *name)
{
    if (s->load_count == 0)
        return true;
    for (size_t i = 0; i < s->load_count; i++)
        if (strcmp(s->load[i], name) == 0)
            return true;
    return false;
}

static bool found_already(const sopool_catalog *catalog, const char *name)
{
    for (size_t i = 0; i < catalog->plugin_count; i++)
        if (strcmp(catalog->plugin[i].manifest.name, name) == 0)
            return true;
    return false;
}

static int refuse(const struct search *s, const char *file, const char *why,
                  sopool_error *err)
{
    sopool_catalog *catalog = s->catalog;
    struct refused_file *grown = reallocarray(
        catalog->refused, catalog->refused_count + 1, sizeof(*grown));

    if (grown == NULL)
        return error_nomem(err);
    catalog->refused = grown;
    grown += catalog->refused_count;
    grown->stem = strndup(file, strlen(file) - strlen(".so"));
    grown->why = strdup(why);
    catalog->refused_count++;
    if (grown->stem == NULL || grown->why == NULL)
        return error_nomem(err);
    if (s->report != NULL)
        s->report(s->ctx, why);
    return 0;
}

static int keep(const struct search *s, struct catalog_plugin *plugin,
                sopool_error *err)
{
    sopool_catalog *catalog = s->catalog;
    struct catalog_plugin *grown = reallocarray(
        catalog->plugin, catalog->plugin_count + 1, sizeof(*grown));

    if (grown == NULL)
        return error_nomem(err);
    catalog->plugin = grown;
    plugin->first_task = (uint32_t)catalog->task_count;
    catalog->task_count += plugin->manifest.task_count;
    grown[catalog->plugin_count++] = *plugin;
    return 0;
}

static void drop(struct catalog_plugin *plugin)
{
    manifest_finish(&plugin->manifest);
    free(plugin->own);
    free(plugin->path);
    if (plugin->fd >= 0)
        (void)close(plugin->fd);
}

static int read_plugin(struct catalog_plugin *plugin, sopool_error *err)
{
    if (manifest_read(&plugin->manifest, plugin->fd, err) != 0)
        return error_prefix(err, "%s: ", plugin->path);
    elf_build_id(plugin->fd, plugin->build_id, sizeof(plugin->build_id));
    return 0;
}

static int open_plugin(struct catalog_plugin *plugin, int dirfd,
                       const char *dir, const char *file, sopool_error *err)
{
    plugin->fd = vet_file(dirfd, dir, file, err);
    if (plugin->fd < 0)
        return -1;
    if (asprintf(&plugin->path, "%s/%s", dir, file) < 0) {
        plugin->path = NULL;
        return error_nomem(err);
    }
    return read_plugin(plugin, err);
}

/* Takes a file in, passes over it, or notes why it is refused. */
static int consider(const struct search *s, int dirfd, const char *dir,
                    const char *file, sopool_error *err)
{
    struct catalog_plugin plugin = {.fd = -1};
    sopool_error why;
    int status = 0;

    if (open_plugin(&plugin, dirfd, dir, file, &why) != 0)
        /* For want of memory or descriptors none is the worse. */
        status = why.code == SOPOOL_E_NOMEM
                     ? error_set(err, why.code, "%s", why.message)
                     : refuse(s, file, why.message, err);
    else if (wanted(s, plugin.manifest.name) &&
             !found_already(s->catalog, plugin.manifest.name) &&
             (status = keep(s, &plugin, err)) == 0)
        return 0;
    drop(&plugin);
    return status;
}

static int is_plugin_file(const struct dirent *entry)
{
    size_t size = strlen(entry->d_name);

    return size > 3 && entry->d_name[0] != '.' &&
           strcmp(entry->d_name + size - 3, ".so") == 0;
}

/* By bytes: the order must not depend on the language of the user. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int search_directory(const struct search *s,
                            const struct catalog_dir *dir, sopool_error *err)
{
    struct dirent **entry = NULL;
    sopool_error why;
    int fd = vet_directory(dir->path, &why);
    int status = 0, count;

    if (fd < 0) {
        if (dir->required) {
            if (err != NULL)
                *err = why;
            return -1;
        }
        if (why.os_error != ENOENT && s->report != NULL)
            s->report(s->ctx, why.message);
        return 0;
    }
    count = scandirat(fd, ".", &entry, is_plugin_file, by_bytes);
    if (count < 0)
        status =
            error_errno(err, "cannot list the plugin folder %s", dir->path);
    for (int i = 0; i < count; i++) {
        if (status == 0)
            status = consider(s, fd, dir->path, entry[i]->d_name, err);
        free(entry[i]);
    }
    free(entry);
    (void)close(fd);
    return status;
}

/* The groups of the program's functions, each once. */
static int add_own(const struct search *s, const struct own_task *own,
                   size_t count, sopool_error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct catalog_plugin plugin = {.fd = -1};

        if (found_already(s->catalog, own[i].group))
            continue;
        plugin.path = strdup("the program");
        if (plugin.path == NULL)
            return error_nomem(err);
        if (own_manifest(own, count, own[i].group, &plugin.manifest,
                         &plugin.own, err) != 0 ||
            keep(s, &plugin, err) != 0) {
            drop(&plugin);
            return -1;
        }
    }
    return 0;
}

/* ---- the index --------------------------------------------------------- */

static int describe(sopool_catalog *catalog, const struct catalog_plugin *p,
                    size_t i, sopool_error *err)
{
    const struct manifest_task *task = &p->manifest.task[i];
    sopool_task_info *info = &catalog->task[p->first_task + i];
    struct signature *signature = &catalog->signature[p->first_task + i];
    char *name;

    if (signature_parse(signature, task->signature, err) != 0)
        return -1;
    if (asprintf(&name, "%s.%s", p->manifest.name, task->name) < 0)
        return error_nomem(err);
    *info = (sopool_task_info){
        .name = name,
        .plugin = p->manifest.name,
        .plugin_version = p->manifest.version,
        .path = p->path,
        .build_id = p->build_id,
        .signature = task->signature,
        .doc = task->doc,
        .flags = task->flags,
        .result_type = signature->result,
        .param_count = signature->param_count,
        .params = signature->param,
        .plugin_abi = p->manifest.abi,
    };
    return 0;
}

static int by_name(const void *a, const void *b, void *ctx)
{
    const sopool_catalog *catalog = ctx;

    return strcmp(catalog->task[*(const uint32_t *)a].name,
                  catalog->task[*(const uint32_t *)b].name);
}

static int make_index(sopool_catalog *catalog, sopool_error *err)
{
    size_t count = catalog->task_count;

    catalog->task = calloc(count + 1, sizeof(*catalog->task));
    catalog->signature = calloc(count + 1, sizeof(*catalog->signature));
    catalog->by_name = calloc(count + 1, sizeof(*catalog->by_name));
    if (catalog->task == NULL || catalog->signature == NULL ||
        catalog->by_name == NULL)
        return error_nomem(err);
    for (size_t p = 0; p < catalog->plugin_count; p++)
        for (size_t i = 0; i < catalog->plugin[p].manifest.task_count; i++)
            if (describe(catalog, &catalog->plugin[p], i, err) != 0)
                return -1;
    for (size_t i = 0; i < count; i++)
        catalog->by_name[i] = (uint32_t)i;
    qsort_r(catalog->by_name, count, sizeof(*catalog->by_name), by_name,
            catalog);
    return 0;
}

/* May the plugin be in the file? Some builds put "lib" before its name. */
static bool is_file_of(const char *stem, const char *name, size_t size)
{
    if (strlen(stem) == size + 3 && strncmp(stem, "lib", 3) == 0)
        stem += 3;
    return strlen(stem) == size && memcmp(stem, name, size) == 0;
}

/* Why the file of a plugin that was not found is not used; NULL: it was found,
 * or there is no such file. */
static const char *why_refused(const sopool_catalog *catalog, const char *name,
                               size_t size)
{
    for (size_t i = 0; i < catalog->plugin_count; i++)
        if (strlen(catalog->plugin[i].manifest.name) == size &&
            memcmp(catalog->plugin[i].manifest.name, name, size) == 0)
            return NULL;
    for (size_t i = 0; i < catalog->refused_count; i++)
        if (is_file_of(catalog->refused[i].stem, name, size))
            return catalog->refused[i].why;
    return NULL;
}

static void show_dirs(const struct catalog_dir *dir, size_t count, char *out,
                      size_t room)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < count && used < room; i++)
        used += (size_t)snprintf(out + used, room - used, "%s%s",
                                 i > 0 ? ", " : "", dir[i].path);
}

static int check_loaded(const struct search *s, const struct catalog_dir *dir,
                        size_t dir_count, sopool_error *err)
{
    for (size_t i = 0; i < s->load_count; i++) {
        const char *why;
        char dirs[512];

        if (found_already(s->catalog, s->load[i]))
            continue;
        why = why_refused(s->catalog, s->load[i], strlen(s->load[i]));
        if (why != NULL)
            return error_set(err, SOPOOL_E_PLUGIN, "%s", why);
        show_dirs(dir, dir_count, dirs, sizeof(dirs));
        return error_set(err, SOPOOL_E_PLUGIN,
                         "there is no plugin '%s'; searched: %s", s->load[i],
                         dirs);
    }
    return 0;
}

sopool_catalog *catalog_open(const struct catalog_dir *dir, size_t dir_count,
                             const char *const *load, size_t load_count,
                             sopool_report_fn *report, void *ctx,
                             sopool_error *err)
{
    return catalog_open_own(NULL, 0, dir, dir_count, load, load_count, report,
                            ctx, err);
}

sopool_catalog *catalog_open_own(const struct own_task *own, size_t own_count,
                                 const struct catalog_dir *dir,
                                 size_t dir_count, const char *const *load,
                                 size_t load_count, sopool_report_fn *report,
                                 void *ctx, sopool_error *err)
{
    sopool_catalog *catalog = calloc(1, sizeof(*catalog));
    struct search s = {catalog, load, load_count, report, ctx};
    int status;

    if (catalog == NULL) {
        (void)error_nomem(err);
        return NULL;
    }
    status = add_own(&s, own, own_count, err);
    for (size_t i = 0; status == 0 && i < dir_count; i++)
        status = search_directory(&s, &dir[i], err);
    if (status == 0 && check_loaded(&s, dir, dir_count, err) == 0 &&
        make_index(catalog, err) == 0)
        return catalog;
    sopool_catalog_free(catalog);
    return NULL;
}

sopool_catalog *catalog_of_file(int fd, const char *path, sopool_error *err)
{
    sopool_catalog *catalog = calloc(1, sizeof(*catalog));
    struct search s = {.catalog = catalog};
    struct catalog_plugin plugin = {.fd = fd, .path = strdup(path)};

    if (catalog == NULL || plugin.path == NULL)
        (void)error_nomem(err);
    else if (read_plugin(&plugin, err) == 0 && keep(&s, &plugin, err) == 0) {
        if (make_index(catalog, err) == 0)
            return catalog;
        plugin = (struct catalog_plugin){.fd = -1}; /* the catalog's */
    }
    drop(&plugin);
    sopool_catalog_free(catalog);
    return NULL;
}

void sopool_catalog_free(sopool_catalog *catalog)
{
    if (catalog == NULL)
        return;
    for (size_t i = 0; catalog->task != NULL && i < catalog->task_count; i++)
        free((char *)(uintptr_t)catalog->task[i].name);
    for (size_t i = 0; catalog->signature != NULL && i < catalog->task_count;
         i++)
        signature_finish(&catalog->signature[i]);
    for (size_t i = 0; i < catalog->plugin_count; i++)
        drop(&catalog->plugin[i]);
    for (size_t i = 0; i < catalog->refused_count; i++) {
        free(catalog->refused[i].stem);
        free(catalog->refused[i].why);
    }
    free(catalog->refused);
    free(catalog->by_name);
    free(catalog->signature);
    free(catalog->task);
    free(catalog->plugin);
    free(catalog);
}

void catalog_close_files(sopool_catalog *catalog)
{
    for (size_t i = 0; i < catalog->plugin_count; i++) {
        if (catalog->plugin[i].fd >= 0)
            (void)close(catalog->plugin[i].fd);
        catalog->plugin[i].fd = -1;
    }
}

/* ---- looking up -------------------------------------------------------- */

size_t sopool_catalog_count(const sopool_catalog *catalog)
{
    return catalog->task_count;
}

const sopool_task_info *sopool_catalog_task(const sopool_catalog *catalog,
                                            size_t index)
{
    return index < catalog->task_count ? &catalog->task[catalog->by_name[index]]
                                       : NULL;
}

static int no_task(const sopool_catalog *catalog, const char *name,
                   sopool_error *err)
{
    CLEANUP_FREE const char **names =
        calloc(catalog->task_count + 1, sizeof(*names));
    const char *why = why_refused(catalog, name, strcspn(name, "."));
    const char *near = NULL;

    if (why != NULL)
        return error_set(err, SOPOOL_E_PLUGIN, "%s", why);
    for (size_t i = 0; names != NULL && i < catalog->task_count; i++)
        names[i] = catalog->task[catalog->by_name[i]].name;
    if (names != NULL)
        near = near_find(name, names, catalog->task_count);
    if (near != NULL)
        return error_set(err, SOPOOL_E_NO_TASK,
                         "there is no task '%.64s'; did you mean '%s'?", name,
                         near);
    return error_set(err, SOPOOL_E_NO_TASK,
                     "there is no task '%.64s'; 'sopool list' shows all %zu",
                     name, catalog->task_count);
}

int catalog_id(const sopool_catalog *catalog, const char *name, uint32_t *id,
               sopool_error *err)
{
    size_t low = 0, high = catalog->task_count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        uint32_t at = catalog->by_name[mid];
        int order = strcmp(name, catalog->task[at].name);

        if (order == 0) {
            *id = at;
            return 0;
        }
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return no_task(catalog, name, err);
}

const sopool_task_info *sopool_catalog_find(const sopool_catalog *catalog,
                                            const char *name, sopool_error *err)
{
    uint32_t id;

    return catalog_id(catalog, name, &id, err) == 0 ? &catalog->task[id] : NULL;
}
