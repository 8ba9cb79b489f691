/* ready.c - see ready.h. */
#include "ready.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "growing.h"
#include "json.h"
#include "memory.h"
#include "message.h"
#include "settings.h"
#include "status.h"

static int complain(const struct ready_cases *all, struct mark at,
                    const char *key, const char *why)
{
    message("%s:%zu:%zu: %s: %s", all->from.path, at.line, at.column, key, why);
    return -1;
}

const sopool_task_info *ready_task(const sopool_catalog *catalog,
                                   const char *name, sopool_error *err)
{
    const sopool_task_info *first = sopool_catalog_task(catalog, 0);
    const sopool_task_info *task;
    char *whole = NULL;

    if (strchr(name, '.') != NULL || first == NULL)
        return sopool_catalog_find(catalog, name, err);
    if (asprintf(&whole, "%s.%s", first->plugin, name) < 0) {
        (void)message_refuse(err, "out of memory");
        return NULL;
    }
    task = sopool_catalog_find(catalog, whole, err);
    free(whole);
    return task;
}

static int read_args(const struct ready_cases *all, struct ready *r)
{
    const char *text = r->from->args != NULL ? r->from->args : "[]";
    struct mark at = r->from->args != NULL ? r->from->args_at : r->from->at;
    struct arguments arguments;
    struct settings settings = {.input = FORMAT_JSON};
    sopool_args args;
    sopool_error err;
    int status = arguments_init(&arguments, r->task, &settings, true);

    if (status == EXIT_GOOD &&
        (status =
             arguments_read(&arguments, text, strlen(text), &args, &err)) != 0)
        (void)complain(all, at, "args", err.message);
    else if (status == EXIT_GOOD &&
             (status = arguments_list(&args, &r->args, &r->size)) != 0)
        message("out of memory");
    arguments_finish(&arguments);
    return status == 0 ? 0 : -1;
}

static int read_result(const struct ready_cases *all, struct ready *r)
{
    struct json *json = json_new();
    sopool_writer value = growing_writer();
    const char *text = r->from->result;
    sopool_error err = {.message = "out of memory"};
    int status = -1;

    if (json != NULL)
        status = json_value(json, r->task->result_type, text, strlen(text),
                            &value, &err);
    if (status == 0) {
        r->result = memory_json(value.data, value.size);
        status = r->result != NULL ? 0 : -1;
    }
    if (status != 0)
        (void)complain(all, r->from->result_at, "result", err.message);
    free(value.data);
    json_free(json);
    return status;
}

static int check_timeout(const struct ready_cases *all, const struct ready *r)
{
    sopool_options *options = sopool_options_new();
    sopool_error err = {.message = "out of memory"};
    int status = -1;

    if (options != NULL)
        status = sopool_options_set(options, "timeout", r->from->timeout, &err);
    sopool_options_free(options);
    return status == 0 ? 0 : complain(all, r->from->at, "timeout", err.message);
}

static int read_case(const struct ready_cases *all,
                     const sopool_catalog *catalog, struct ready *r)
{
    sopool_error err;
    int status;

    r->task = ready_task(catalog, r->from->task, &err);
    if (r->task == NULL)
        return complain(all, r->from->at, "task", err.message);
    status = read_args(all, r);
    if (r->from->result != NULL)
        status |= read_result(all, r);
    if (r->from->timeout != NULL)
        status |= check_timeout(all, r);
    return status;
}

int ready_read(struct ready_cases *all, const sopool_catalog *catalog,
               const char *path)
{
    int status = 0;

    if (cases_read(&all->from, path) != 0)
        return -1;
    all->item = calloc(all->from.count + 1, sizeof(*all->item));
    if (all->item == NULL) {
        message("out of memory");
        return -1;
    }
    for (; all->count < all->from.count; all->count++) {
        struct ready *r = &all->item[all->count];

        r->from = &all->from.item[all->count];
        status |= read_case(all, catalog, r);
    }
    return status;
}

void ready_finish(struct ready_cases *all)
{
    for (size_t i = 0; i < all->count; i++) {
        free(all->item[i].args);
        free(all->item[i].result);
    }
    free(all->item);
    cases_finish(&all->from);
}
