/* arguments.c - see arguments.h. */
#include "arguments.h"

#include <stdlib.h>
#include <string.h>

#include "growing.h"
#include "message.h"
#include "near.h"
#include "status.h"

/* ---- one argument ------------------------------------------------------ */

static int explain(const struct arguments *arguments, size_t i,
                   const sopool_error *why, sopool_error *err)
{
    return message_refuse(err, "argument %zu (%s): %.700s; signature: %s",
                          i + 1, arguments->task->params[i].name, why->message,
                          arguments->task->signature);
}

/* Lists and maps have no other form than JSON. */
static bool has_no_text(int type)
{
    return type == SOPOOL_LIST || type == SOPOOL_MAP || type == SOPOOL_ANY;
}

/* The type, or 0. */
static int text_type(int type)
{
    return has_no_text(type) ? 0 : type;
}

static int put_json(struct arguments *arguments, size_t i, const char *text,
                    size_t size, sopool_error *err)
{
    struct argument_part *part = &arguments->part[i];

    part->at = arguments->scratch.size;
    if (json_value(arguments->reader, arguments->task->params[i].type, text,
                   size, &arguments->scratch, err) != 0)
        return -1;
    part->size = arguments->scratch.size - part->at;
    return 0;
}

int arguments_put(struct arguments *arguments, size_t param, const char *text,
                  size_t size, sopool_error *err)
{
    int type = arguments->task->params[param].type, status;
    sopool_error why;

    if (arguments->json || has_no_text(type))
        status = put_json(arguments, param, text, size, &why);
    else
        status =
            sopool_arg_parse(type, text, size, &arguments->item[param], &why);
    return status == 0 ? 0 : explain(arguments, param, &why, err);
}

void arguments_put_bytes(struct arguments *arguments, size_t param,
                         const void *data, size_t size)
{
    arguments->item[param] = sopool_arg_bytes(data, size);
}

void arguments_begin(struct arguments *arguments)
{
    arguments->scratch.size = 0;
    arguments->scratch.failed = 0;
}

void arguments_take(struct arguments *arguments, sopool_args *out)
{
    size_t count = arguments->task->param_count;

    *out = (sopool_args){arguments->item, count, NULL, 0};
    if (arguments->scratch.size == 0)
        return;
    for (size_t i = 0; i < count; i++) {
        struct argument_part *part = &arguments->part[i];

        if (part->size > 0)
            arguments->item[i] =
                sopool_arg_cbor(arguments->scratch.data + part->at, part->size);
        part->size = 0;
    }
}

/* ---- those that are always the same ------------------------------------ */

static int no_such(const struct arguments *arguments, const char *name)
{
    const sopool_task_info *task = arguments->task;
    const char **names = calloc(task->param_count + 1, sizeof(*names));
    const char *near = NULL;

    for (size_t i = 0; names != NULL && i < task->param_count; i++)
        names[i] = task->params[i].name;
    if (names != NULL)
        near = near_word(name, names, task->param_count);
    message("--arg: %s has no parameter '%.60s'%s%s%s: %s", task->name, name,
            near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
            near != NULL ? "'?" : "", task->signature);
    free(names);
    return EXIT_USAGE;
}

static void put_arg(sopool_writer *w, const sopool_arg *arg)
{
    switch (arg->type) {
    case SOPOOL_BOOL:
        (void)sopool_put_bool(w, arg->as.b);
        break;
    case SOPOOL_I64:
        (void)sopool_put_i64(w, arg->as.i);
        break;
    case SOPOOL_U64:
        (void)sopool_put_u64(w, arg->as.u);
        break;
    case SOPOOL_F64:
        (void)sopool_put_f64(w, arg->as.f);
        break;
    case SOPOOL_STR:
        (void)sopool_put_text(w, arg->as.data.ptr, arg->as.data.size);
        break;
    case SOPOOL_BYTES:
        (void)sopool_put_bytes(w, arg->as.data.ptr, arg->as.data.size);
        break;
    default:
        (void)sopool_put_raw(w, arg->as.data.ptr, arg->as.data.size);
        break;
    }
}

/* A value of --arg has the text form, whatever inputs are; it is borrowed from
 * the command line, or copied out of the scratch. */
static int give_value(struct arguments *arguments, size_t i, const char *text)
{
    sopool_writer *given = &arguments->given[i];
    sopool_arg *item = &arguments->item[i];
    sopool_error why;
    sopool_args all;

    arguments_begin(arguments);
    if (arguments_put(arguments, i, text, strlen(text), &why) != 0) {
        message("--arg: %s", why.message);
        return EXIT_USAGE;
    }
    arguments_take(arguments, &all);
    *given = growing_writer();
    put_arg(given, item);
    if (given->failed) {
        message("out of memory");
        return EXIT_FAILED;
    }
    if (item->type == SOPOOL_ANY)
        *item = sopool_arg_cbor(given->data, given->size);
    return EXIT_GOOD;
}

static int give(struct arguments *arguments, const char *text)
{
    const sopool_task_info *task = arguments->task;
    size_t size = strcspn(text, "="), i = 0;
    char name[64];

    while (i < task->param_count &&
           (strlen(task->params[i].name) != size ||
            strncmp(task->params[i].name, text, size) != 0))
        i++;
    if (i == task->param_count)
        return no_such(arguments, message_text(text, size, name, sizeof(name)));
    if (arguments_is_open(arguments, i))
        return give_value(arguments, i, text + size + 1);
    message("--arg %s is given twice; allowed: one value",
            task->params[i].name);
    return EXIT_USAGE;
}

static int give_all(struct arguments *arguments,
                    const struct settings *settings)
{
    int status = EXIT_GOOD;

    for (size_t i = 0; status == EXIT_GOOD && i < settings->arg_count; i++)
        status = give(arguments, settings->arg[i]);
    for (size_t i = arguments->task->param_count; i-- > 0;)
        if (arguments_is_open(arguments, i)) {
            arguments->open_count++;
            arguments->first_open = i;
        }
    return status;
}

/* ---- all arguments ----------------------------------------------------- */

int arguments_init(struct arguments *arguments, const sopool_task_info *task,
                   const struct settings *settings, bool list)
{
    size_t count = task->param_count + 1; /* none is not 0 bytes */
    int status;

    memset(arguments, 0, sizeof(*arguments));
    arguments->task = task;
    arguments->scratch = growing_writer();
    arguments->reader = json_new();
    arguments->given = calloc(count, sizeof(*arguments->given));
    arguments->part = calloc(count, sizeof(*arguments->part));
    arguments->item = calloc(count, sizeof(*arguments->item));
    if (arguments->reader == NULL || arguments->given == NULL ||
        arguments->part == NULL || arguments->item == NULL) {
        message("out of memory");
        return EXIT_FAILED;
    }
    status = give_all(arguments, settings);
    arguments->json = settings->input == FORMAT_JSON;
    arguments->list = list;
    if (!list && !arguments->json && arguments->open_count == 1)
        arguments->plain = text_type(task->params[arguments->first_open].type);
    return status;
}

void arguments_finish(struct arguments *arguments)
{
    if (arguments->given != NULL)
        for (size_t i = 0; i < arguments->task->param_count; i++)
            free(arguments->given[i].data);
    free(arguments->given);
    free(arguments->part);
    free(arguments->item);
    json_free(arguments->reader);
    free(arguments->scratch.data);
}

/* An input in JSON can hold all open arguments. */
static int read_json(struct arguments *arguments, const char *text, size_t size,
                     sopool_args *out, sopool_error *err)
{
    arguments_begin(arguments);
    if (json_arguments(arguments->reader, arguments->task, arguments->given,
                       arguments->list, text, size, &arguments->scratch,
                       err) != 0)
        return -1;
    *out = sopool_args_cbor(arguments->scratch.data, arguments->scratch.size);
    return 0;
}

int arguments_read(struct arguments *arguments, const char *text, size_t size,
                   sopool_args *out, sopool_error *err)
{
    size_t i = arguments->first_open;
    sopool_error why;

    if (arguments->plain != 0) {
        *out = (sopool_args){arguments->item, arguments->task->param_count,
                             NULL, 0};
        return sopool_arg_parse(arguments->plain, text, size,
                                &arguments->item[i], &why) == 0
                   ? 0
                   : explain(arguments, i, &why, err);
    }
    if (arguments->list || arguments->json)
        return read_json(arguments, text, size, out, err);
    arguments_begin(arguments);
    if (arguments_put(arguments, i, text, size, err) != 0)
        return -1;
    arguments_take(arguments, out);
    return 0;
}

int arguments_words(struct arguments *arguments, char **word, sopool_args *out,
                    sopool_error *err)
{
    arguments_begin(arguments);
    for (size_t i = 0; i < arguments->task->param_count; i++) {
        if (!arguments_is_open(arguments, i))
            continue;
        if (arguments_put(arguments, i, *word, strlen(*word), err) != 0)
            return -1;
        word++;
    }
    arguments_take(arguments, out);
    return 0;
}

int arguments_list(const sopool_args *args, void **list, size_t *size)
{
    sopool_writer w = growing_writer();

    if (args->cbor != NULL) {
        (void)sopool_put_raw(&w, args->cbor, args->cbor_size);
    } else {
        (void)sopool_put_array(&w, args->count);
        for (size_t i = 0; i < args->count; i++)
            put_arg(&w, &args->items[i]);
    }
    *list = w.data;
    *size = w.size;
    return w.failed ? -1 : 0;
}
