/* catalog.h - all tasks of all plugins that were found, by id and by name. */
#ifndef SOPOOL_PLUGIN_CATALOG_H
#define SOPOOL_PLUGIN_CATALOG_H

#include "plugin/manifest.h"
#include "plugin/own.h"
#include "sopool.h"
#include "value/signature.h"

/* A folder to look through; one that is not required may be missing. */
struct catalog_dir {
    const char *path;
    bool required;
};

struct catalog_plugin {
    char *path; /* owned */
    int fd;     /* owned: the vetted file; -1 once closed, or if it has none */
    const sopool_task **own; /* owned: functions of the program; NULL: a file */
    struct manifest manifest;
    char build_id[65];   /* in hex, or "" */
    uint32_t first_task; /* the id of its first task */
};

/* A file that is not used, and why. */
struct refused_file {
    char *stem; /* its name without folder and ".so"; owned */
    char *why;  /* owned */
};

struct sopool_catalog {
    struct catalog_plugin *plugin; /* all arrays are owned */
    size_t plugin_count;
    sopool_task_info *task; /* by id */
    struct signature *signature;
    size_t task_count;
    uint32_t *by_name; /* ids, sorted by name */
    struct refused_file *refused;
    size_t refused_count;
};

/* Looks through the folders in order; of plugins with one name the first is
 * kept. With a `load` list only those are, and one that is not found is an
 * error. */
sopool_catalog *catalog_open(const struct catalog_dir *dir, size_t dir_count,
                             const char *const *load, size_t load_count,
                             sopool_report_fn *report, void *ctx,
                             sopool_error *err);

/* The same, with functions of the program, which come before all plugins. */
sopool_catalog *catalog_open_own(const struct own_task *own, size_t own_count,
                                 const struct catalog_dir *dir,
                                 size_t dir_count, const char *const *load,
                                 size_t load_count, sopool_report_fn *report,
                                 void *ctx, sopool_error *err);

/* Of one open file, which it takes. */
sopool_catalog *catalog_of_file(int fd, const char *path, sopool_error *err);

/* Closes the plugins' files: no worker is going to be started. */
void catalog_close_files(sopool_catalog *catalog);

/* The id of the task of that name: SOPOOL_E_NO_TASK with the nearest name, or
 * SOPOOL_E_PLUGIN with why its plugin was refused. */
int catalog_id(const sopool_catalog *catalog, const char *name, uint32_t *id,
               sopool_error *err);

#endif
