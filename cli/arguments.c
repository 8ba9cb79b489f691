/* arguments.c - see arguments.h. */
#include "arguments.h"

#include <stdlib.h>
#include <string.h>

#include "message.h"

static void *grow(void *ctx, void *data, size_t need)
{
    (void)ctx;
    return realloc(data, need);
}

int arguments_init(struct arguments *arguments, const sopool_task_info *task,
                   bool json, bool list)
{
    memset(arguments, 0, sizeof(*arguments));
    arguments->task = task;
    arguments->json = json;
    arguments->list = list;
    arguments->scratch.grow = grow;
    arguments->reader = json_new();
    if (arguments->reader != NULL)
        return 0;
    message("out of memory");
    return -1;
}

void arguments_finish(struct arguments *arguments)
{
    json_free(arguments->reader);
    free(arguments->scratch.data);
}

static void start_scratch(struct arguments *arguments)
{
    arguments->scratch.size = 0;
    arguments->scratch.failed = 0;
}

/* ---- one argument ------------------------------------------------------ */

static int explain(const struct arguments *arguments, size_t i,
                   const sopool_error *why, sopool_error *err)
{
    return message_refuse(err, "argument %zu (%s): %.900s", i + 1,
                          arguments->task->params[i].name, why->message);
}

/* Is the text read as JSON? Lists and maps have no other form. */
static bool reads_json(const struct arguments *arguments, int type)
{
    return arguments->json || type == SOPOOL_LIST || type == SOPOOL_MAP ||
           type == SOPOOL_ANY;
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
    case SOPOOL_ANY:
        (void)sopool_put_raw(w, arg->as.data.ptr, arg->as.data.size);
        break;
    default:
        (void)sopool_put_bytes(w, arg->as.data.ptr, arg->as.data.size);
        break;
    }
}

/* Adds argument `i` to the scratch. */
static int put_text(struct arguments *arguments, size_t i, const char *text,
                    size_t size, sopool_error *err)
{
    int type = arguments->task->params[i].type, status;
    sopool_error why;
    sopool_arg arg;

    if (reads_json(arguments, type))
        status = json_value(arguments->reader, type, text, size,
                            &arguments->scratch, &why);
    else {
        status = sopool_arg_parse(type, text, size, &arg, &why);
        if (status == 0)
            put_arg(&arguments->scratch, &arg);
    }
    if (status != 0)
        return explain(arguments, i, &why, err);
    if (arguments->scratch.failed)
        return message_refuse(err, "argument %zu is too large: out of memory",
                              i + 1);
    return 0;
}

/* ---- all arguments ----------------------------------------------------- */

static int read_list(struct arguments *arguments, const char *text, size_t size,
                     sopool_args *out, sopool_error *err)
{
    start_scratch(arguments);
    if (json_arguments(arguments->reader, arguments->task, text, size,
                       &arguments->scratch, err) != 0)
        return -1;
    *out = sopool_args_cbor(arguments->scratch.data, arguments->scratch.size);
    return 0;
}

int arguments_read(struct arguments *arguments, const char *text, size_t size,
                   sopool_args *out, sopool_error *err)
{
    int type = arguments->task->params[0].type;
    sopool_error why;

    if (arguments->list)
        return read_list(arguments, text, size, out, err);
    *out = (sopool_args){&arguments->one, 1, NULL, 0};
    if (!reads_json(arguments, type)) {
        if (sopool_arg_parse(type, text, size, &arguments->one, &why) == 0)
            return 0;
        return explain(arguments, 0, &why, err);
    }
    start_scratch(arguments);
    if (put_text(arguments, 0, text, size, err) != 0)
        return -1;
    arguments->one =
        sopool_arg_cbor(arguments->scratch.data, arguments->scratch.size);
    return 0;
}

int arguments_words(struct arguments *arguments, char **word, sopool_args *out,
                    sopool_error *err)
{
    size_t count = arguments->task->param_count;

    start_scratch(arguments);
    (void)sopool_put_array(&arguments->scratch, count);
    for (size_t i = 0; i < count; i++)
        if (put_text(arguments, i, word[i], strlen(word[i]), err) != 0)
            return -1;
    *out = sopool_args_cbor(arguments->scratch.data, arguments->scratch.size);
    return 0;
}

int arguments_list(const sopool_args *args, void **list, size_t *size)
{
    sopool_writer w = {.grow = grow};

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
