/* ready.h - cases whose tasks are known: arguments and results fit their
 * signatures. */
#ifndef SOPOOL_CLI_READY_H
#define SOPOOL_CLI_READY_H

#include <stddef.h>

#include <sopool.h>

#include "cases.h"

struct ready {
    const struct test_case *from;
    const sopool_task_info *task; /* the catalog's */
    void *args;                   /* one CBOR list, owned */
    size_t size;
    char *result; /* as render_json writes it, owned; or NULL */
};

struct ready_cases {
    struct cases from;
    struct ready *item;
    size_t count;
};

/* The task of that name, which may be without the plugin's. */
const sopool_task_info *ready_task(const sopool_catalog *catalog,
                                   const char *name, sopool_error *err);

/* Reads a file of cases for the tasks of a catalog, which must live as long: 0,
 * or -1 after all that is wrong was said. To be finished in any case. */
int ready_read(struct ready_cases *all, const sopool_catalog *catalog,
               const char *path);
void ready_finish(struct ready_cases *all);

#endif
