/* args.c - see args.h. */
#include "value/args.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "value/buffer.h"
#include "value/encode.h"

/* Added to the type of an argument: it is a buffer from its beginning on, in
 * memory that workers can read. */
enum { ARG_BUFFER = 0x100 };
/* Instead of a type: it was to be part of a buffer, and is not. */
enum { ARG_OUTSIDE = -1 };
/* What is smaller is rather copied. */
enum { BUFFER_LEAST = 64 * 1024 };

static int type_of(const sopool_arg *arg)
{
    return arg->type > 0 ? arg->type & ~ARG_BUFFER : arg->type;
}

sopool_arg sopool_arg_bool(bool value)
{
    return (sopool_arg){.type = SOPOOL_BOOL, .as = {.b = value}};
}

sopool_arg sopool_arg_i64(int64_t value)
{
    return (sopool_arg){.type = SOPOOL_I64, .as = {.i = value}};
}

sopool_arg sopool_arg_u64(uint64_t value)
{
    return (sopool_arg){.type = SOPOOL_U64, .as = {.u = value}};
}

sopool_arg sopool_arg_f64(double value)
{
    return (sopool_arg){.type = SOPOOL_F64, .as = {.f = value}};
}

static sopool_arg data_arg(int type, const void *ptr, size_t size)
{
    return (sopool_arg){.type = type, .as = {.data = {ptr, size}}};
}

sopool_arg sopool_arg_str(const char *text)
{
    return data_arg(SOPOOL_STR, text, strlen(text));
}

sopool_arg sopool_arg_text(const char *text, size_t size)
{
    return data_arg(SOPOOL_STR, text, size);
}

sopool_arg sopool_arg_bytes(const void *data, size_t size)
{
    return data_arg(SOPOOL_BYTES, data, size);
}

sopool_arg sopool_arg_cbor(const void *item, size_t size)
{
    return data_arg(SOPOOL_ANY, item, size);
}

sopool_arg sopool_arg_buffer(const sopool_buffer *buffer, size_t offset,
                             size_t size, int type)
{
    sopool_buffer *from = (sopool_buffer *)(uintptr_t)buffer;
    size_t whole = sopool_buffer_size(buffer);

    if (offset > whole || size > whole - offset || type < SOPOOL_STR ||
        type > SOPOOL_ANY)
        type = ARG_OUTSIDE;
    else if (offset == 0 && buffer_is_shared(buffer))
        type |= ARG_BUFFER;
    return data_arg(type, (const uint8_t *)sopool_buffer_data(from) + offset,
                    size);
}

sopool_arg sopool_arg_same(sopool_arg arg)
{
    return arg;
}

sopool_args sopool_args_cbor(const void *array, size_t size)
{
    return (sopool_args){.cbor = array, .cbor_size = size};
}

sopool_arg sopool_arg_value(const sopool_value *value)
{
    size_t size;
    const void *item = sopool_value_cbor(value, &size);

    return sopool_arg_cbor(item, size);
}

sopool_args sopool_args_value(const sopool_value *list)
{
    size_t size;
    const void *array = sopool_value_cbor(list, &size);

    return sopool_args_cbor(array, size);
}

enum { HEAD_MOST = 9 }; /* bytes of an item's head, or of a number */

static int check_text(size_t i, const sopool_arg *arg, sopool_error *err)
{
    uint64_t good = sopool_utf8_span(arg->as.data.ptr, arg->as.data.size);

    if (good != arg->as.data.size)
        return error_set(err, SOPOOL_E_ARGS,
                         "argument %zu is not UTF-8 from its byte %llu on",
                         i + 1, (unsigned long long)good + 1);
    return 0;
}

static int put_text(sopool_writer *w, size_t i, const sopool_arg *arg,
                    sopool_error *err)
{
    if (check_text(i, arg, err) != 0)
        return -1;
    (void)sopool_put_text(w, arg->as.data.ptr, arg->as.data.size);
    return 0;
}

static int check_item(size_t i, const sopool_arg *arg, sopool_error *err)
{
    const char *why = sopool_cbor_check(arg->as.data.ptr, arg->as.data.size);

    if (why != NULL)
        return error_set(err, SOPOOL_E_ARGS, "argument %zu %s", i + 1, why);
    return 0;
}

static int put_item(sopool_writer *w, size_t i, const sopool_arg *arg,
                    sopool_error *err)
{
    if (check_item(i, arg, err) != 0)
        return -1;
    (void)sopool_put_raw(w, arg->as.data.ptr, arg->as.data.size);
    return 0;
}

static int put_arg(sopool_writer *w, size_t i, const sopool_arg *arg,
                   sopool_error *err)
{
    switch (type_of(arg)) {
    case ARG_OUTSIDE:
        return error_set(err, SOPOOL_E_USAGE,
                         "argument %zu is no part of its buffer, or of a type "
                         "that is no bytes",
                         i + 1);
    case 0:
        (void)sopool_put_null(w);
        return 0;
    case SOPOOL_BOOL:
        (void)sopool_put_bool(w, arg->as.b);
        return 0;
    case SOPOOL_I64:
        (void)sopool_put_i64(w, arg->as.i);
        return 0;
    case SOPOOL_U64:
        (void)sopool_put_u64(w, arg->as.u);
        return 0;
    case SOPOOL_F64:
        (void)sopool_put_f64(w, arg->as.f);
        return 0;
    case SOPOOL_STR:
        return put_text(w, i, arg, err);
    case SOPOOL_BYTES:
        (void)sopool_put_bytes(w, arg->as.data.ptr, arg->as.data.size);
        return 0;
    case SOPOOL_LIST:
    case SOPOOL_MAP:
    case SOPOOL_ANY:
        return put_item(w, i, arg, err);
    default:
        return error_set(err, SOPOOL_E_USAGE, "argument %zu has no type %d",
                         i + 1, arg->type);
    }
}

static int check_array(const sopool_args *args, sopool_error *err)
{
    const char *why = sopool_cbor_check(args->cbor, args->cbor_size);

    if (why == NULL && *(const uint8_t *)args->cbor >> 5 != 4)
        why = "is not a list";
    if (why != NULL)
        return error_set(err, SOPOOL_E_ARGS, "what was given as arguments %s",
                         why);
    return 0;
}

int args_put(const sopool_args *args, sopool_writer *w, sopool_error *err)
{
    if (args->cbor != NULL) {
        if (check_array(args, err) != 0)
            return -1;
        (void)sopool_put_raw(w, args->cbor, args->cbor_size);
        return 0;
    }
    (void)sopool_put_array(w, args->count);
    for (size_t i = 0; i < args->count; i++)
        if (put_arg(w, i, &args->items[i], err) != 0)
            return -1;
    return 0;
}

/* One that needs no care, to where there is room for it: the place behind it,
 * or NULL. */
static uint8_t *put_plain(uint8_t *to, const sopool_arg *arg)
{
    const void *data = arg->as.data.ptr;
    size_t size = arg->as.data.size;

    switch (arg->type) {
    case SOPOOL_I64:
        if (arg->as.i < 0)
            return to + sopool_head_put(to, SOPOOL_CBOR_NEGINT, ~arg->as.u);
        return to + sopool_head_put(to, SOPOOL_CBOR_UINT, arg->as.u);
    case SOPOOL_U64:
        return to + sopool_head_put(to, SOPOOL_CBOR_UINT, arg->as.u);
    case SOPOOL_STR:
        if (sopool_utf8_span(data, size) != size)
            return NULL;
        to += sopool_head_put(to, SOPOOL_CBOR_TEXT, size);
        break;
    case SOPOOL_BYTES:
        to += sopool_head_put(to, SOPOOL_CBOR_BYTES, size);
        break;
    default:
        return NULL;
    }
    if (size > 0)
        memcpy(to, data, size);
    return to + size;
}

/* All of them, likewise. */
static uint8_t *put_plain_all(uint8_t *to, const sopool_args *args)
{
    if (args->cbor != NULL)
        return NULL;
    to += sopool_head_put(to, SOPOOL_CBOR_ARRAY, args->count);
    for (size_t i = 0; i < args->count && to != NULL; i++)
        to = put_plain(to, &args->items[i]);
    return to;
}

int args_frame(const sopool_args *args, uint64_t payload, struct buf *out,
               sopool_error *err)
{
    size_t most = (args->count + 1) * HEAD_MOST + (size_t)payload;
    uint32_t size;
    uint8_t *to = NULL, *end;
    sopool_writer w;

    if (payload <= PTRDIFF_MAX)
        to = buf_room(out, sizeof(size) + most);
    if (to == NULL)
        return error_nomem(err);
    end = put_plain_all(to + sizeof(size), args);
    if (end == NULL) {
        w = sopool_writer_of(to + sizeof(size), most);
        if (args_put(args, &w, err) != 0)
            return -1;
        end = w.data + w.size;
    }
    size = (uint32_t)(end - to - (ptrdiff_t)sizeof(size));
    memcpy(to, &size, sizeof(size));
    out->size += sizeof(size) + size;
    return 0;
}

/* ---- without the bytes of a buffer ------------------------------------- */

static const sopool_arg *last_of(const sopool_args *args)
{
    return &args->items[args->count - 1];
}

size_t args_buffer_size(const sopool_args *args)
{
    return last_of(args)->as.data.size;
}

const sopool_buffer *args_buffer(const sopool_args *args)
{
    const sopool_arg *last;

    if (args->cbor != NULL || args->count == 0 || args->count > ARGS_HEAD / 16)
        return NULL;
    last = last_of(args);
    if (last->type < ARG_BUFFER || last->as.data.size < BUFFER_LEAST ||
        args_payload(args) - last->as.data.size + (args->count + 1) * 9 >
            ARGS_HEAD)
        return NULL;
    return buffer_at(last->as.data.ptr);
}

/* Checks the last argument, and puts what stands before its bytes. */
static int put_last_head(sopool_writer *w, size_t i, const sopool_arg *arg,
                         sopool_error *err)
{
    int type = type_of(arg);
    uint8_t head[9];

    if (type != SOPOOL_STR && type != SOPOOL_BYTES)
        return check_item(i, arg, err);
    if (type == SOPOOL_STR && check_text(i, arg, err) != 0)
        return -1;
    (void)sopool_put_raw(
        w, head,
        sopool_head_put(head, type == SOPOOL_STR ? 3 : 2, arg->as.data.size));
    return 0;
}

int args_put_head(const sopool_args *args, sopool_writer *w, sopool_error *err)
{
    const size_t last = args->count - 1;

    (void)sopool_put_array(w, args->count);
    for (size_t i = 0; i < last; i++)
        if (put_arg(w, i, &args->items[i], err) != 0)
            return -1;
    return put_last_head(w, last, &args->items[last], err);
}

/* ---- to a file --------------------------------------------------------- */

enum { LARGE = 4096 };

static bool has_data(const sopool_arg *arg)
{
    int type = type_of(arg);

    return type >= SOPOOL_STR && type <= SOPOOL_ANY;
}

uint64_t args_payload(const sopool_args *args)
{
    uint64_t size = args->cbor != NULL ? args->cbor_size : 0;

    for (size_t i = 0; i < args->count; i++)
        if (has_data(&args->items[i]))
            size += args->items[i].as.data.size;
    return size;
}

/* A file that is being written, and what is to be written next. */
struct output {
    int fd;
    uint64_t size;
    struct buf small;
};

static int write_data(struct output *out, const void *data, size_t size,
                      sopool_error *err)
{
    if (file_write(out->fd, data, size) != 0)
        return error_errno(err, "cannot write large arguments");
    out->size += size;
    return 0;
}

static int flush(struct output *out, sopool_error *err)
{
    int status = write_data(out, out->small.data, out->small.size, err);

    out->small.size = 0;
    return status;
}

static int write_large(struct output *out, size_t i, const sopool_arg *arg,
                       sopool_error *err)
{
    bool text = type_of(arg) == SOPOOL_STR;
    uint8_t head[9];
    size_t size;

    if (text && check_text(i, arg, err) != 0)
        return -1;
    size = sopool_head_put(head, text ? 3 : 2, arg->as.data.size);
    if (buf_add(&out->small, head, size) != 0)
        return error_nomem(err);
    if (flush(out, err) != 0)
        return -1;
    return write_data(out, arg->as.data.ptr, arg->as.data.size, err);
}

static int write_small(struct output *out, size_t i, const sopool_arg *arg,
                       sopool_error *err)
{
    sopool_writer w = buf_writer(&out->small);

    if (put_arg(&w, i, arg, err) != 0)
        return -1;
    return buf_written(&out->small, &w) == 0 ? 0 : error_nomem(err);
}

static int write_items(struct output *out, const sopool_args *args,
                       sopool_error *err)
{
    sopool_writer w = buf_writer(&out->small);

    (void)sopool_put_array(&w, args->count);
    if (buf_written(&out->small, &w) != 0)
        return error_nomem(err);
    for (size_t i = 0; i < args->count; i++) {
        const sopool_arg *arg = &args->items[i];
        int type = type_of(arg);
        bool large = (type == SOPOOL_STR || type == SOPOOL_BYTES) &&
                     arg->as.data.size > LARGE;

        if ((large ? write_large : write_small)(out, i, arg, err) != 0)
            return -1;
    }
    return flush(out, err);
}

int args_write(const sopool_args *args, int fd, uint64_t *size,
               sopool_error *err)
{
    struct output out = {.fd = fd};
    int status;

    if (args->cbor == NULL)
        status = write_items(&out, args, err);
    else if ((status = check_array(args, err)) == 0)
        status = write_data(&out, args->cbor, args->cbor_size, err);
    buf_finish(&out.small);
    *size = out.size;
    return status;
}
