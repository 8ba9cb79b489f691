/* unpack.c - sopool_unpack: the parts of a value by a format, or one by one.
 * See sopool.h. */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sopool/cbor.h>

#include "base/error.h"
#include "value/format.h"
#include "value/value.h"

enum { GIVEN = 64 };

struct unpacker {
    const char *at;
    va_list args;
    char path[200];              /* "[1].key", for messages */
    sopool_value **given[GIVEN]; /* values that were handed out */
    size_t given_count;
    sopool_error *err;
};

static int unpack_item(struct unpacker *u, sopool_blob item);

static int wrong(const struct unpacker *u, const char *what)
{
    return error_set(u->err, SOPOOL_E_VALUE, "the value%s%s %s",
                     u->path[0] != '\0' ? " at " : "", u->path, what);
}

static sopool_reader reader_of(sopool_blob item)
{
    return sopool_reader_of(item.ptr, (size_t)item.size);
}

/* ---- letters ----------------------------------------------------------- */

static int unpack_bool(struct unpacker *u, sopool_blob item)
{
    sopool_reader r = reader_of(item);
    int *out = va_arg(u->args, int *);
    bool value;

    if (sopool_read_bool(&r, &value) != 0)
        return wrong(u, "is not of type bool");
    *out = value;
    return 0;
}

static int unpack_i64(struct unpacker *u, sopool_blob item, bool small)
{
    sopool_reader r = reader_of(item);
    int *out_small = small ? va_arg(u->args, int *) : NULL;
    int64_t *out = small ? NULL : va_arg(u->args, int64_t *);
    int64_t value;

    if (sopool_read_i64(&r, &value) != 0)
        return wrong(u, "is not of type i64");
    if (!small) {
        *out = value;
        return 0;
    }
    if (value < INT_MIN || value > INT_MAX)
        return wrong(u, "does not fit in an int");
    *out_small = (int)value;
    return 0;
}

static int unpack_u64(struct unpacker *u, sopool_blob item, bool small)
{
    sopool_reader r = reader_of(item);
    unsigned *out_small = small ? va_arg(u->args, unsigned *) : NULL;
    uint64_t *out = small ? NULL : va_arg(u->args, uint64_t *);
    uint64_t value;

    if (sopool_read_u64(&r, &value) != 0)
        return wrong(u, "is not of type u64");
    if (!small) {
        *out = value;
        return 0;
    }
    if (value > UINT_MAX)
        return wrong(u, "does not fit in an unsigned");
    *out_small = (unsigned)value;
    return 0;
}

static int unpack_f64(struct unpacker *u, sopool_blob item)
{
    sopool_reader r = reader_of(item);

    return sopool_read_f64(&r, va_arg(u->args, double *)) == 0
               ? 0
               : wrong(u, "is not of type f64");
}

static int unpack_str(struct unpacker *u, sopool_blob item)
{
    sopool_reader r = reader_of(item);
    const char **text = va_arg(u->args, const char **);
    size_t *size = va_arg(u->args, size_t *);
    sopool_text out;

    if (sopool_read_text(&r, &out) != 0)
        return wrong(u, "is not of type str");
    *text = out.ptr;
    *size = (size_t)out.size;
    return 0;
}

static int unpack_bytes(struct unpacker *u, sopool_blob item)
{
    sopool_reader r = reader_of(item);
    const void **data = va_arg(u->args, const void **);
    size_t *size = va_arg(u->args, size_t *);
    sopool_blob out;

    if (sopool_read_bytes(&r, &out) != 0)
        return wrong(u, "is not of type bytes");
    *data = out.ptr;
    *size = (size_t)out.size;
    return 0;
}

static int unpack_value(struct unpacker *u, sopool_blob item)
{
    sopool_value **out = va_arg(u->args, sopool_value **);

    if (u->given_count == GIVEN)
        return error_set(u->err, SOPOOL_E_USAGE, "a format takes up to %d v",
                         GIVEN);
    *out = value_copy(item.ptr, (size_t)item.size);
    if (*out == NULL)
        return error_nomem(u->err);
    u->given[u->given_count++] = out;
    return 0;
}

static int unpack_null(const struct unpacker *u, sopool_blob item)
{
    sopool_reader r = reader_of(item);

    return sopool_read_null(&r) == 0 ? 0 : wrong(u, "is not null");
}

static int unpack_letter(struct unpacker *u, sopool_blob item)
{
    switch (*u->at) {
    case 'n':
        return unpack_null(u, item);
    case 'b':
        return unpack_bool(u, item);
    case 'i':
    case 'I':
        return unpack_i64(u, item, *u->at == 'i');
    case 'u':
    case 'U':
        return unpack_u64(u, item, *u->at == 'u');
    case 'f':
        return unpack_f64(u, item);
    case 'S':
        return unpack_str(u, item);
    case 'B':
        return unpack_bytes(u, item);
    case 'v':
        return unpack_value(u, item);
    default: /* '*' */
        return 0;
    }
}

/* ---- lists and maps ---------------------------------------------------- */

/* The path of a part; what is too long is cut. Returns where it was added. */
static size_t go_into(struct unpacker *u, const char *format, size_t index,
                      const char *key, size_t key_size)
{
    size_t was = strlen(u->path);

    if (key != NULL)
        (void)snprintf(u->path + was, sizeof(u->path) - was, format,
                       (int)key_size, key);
    else
        (void)snprintf(u->path + was, sizeof(u->path) - was, "[%zu]", index);
    return was;
}

static int unpack_list(struct unpacker *u, sopool_blob item)
{
    sopool_reader r = reader_of(item);
    size_t want = format_count(u->at), index = 0;
    uint64_t count;
    sopool_blob part;

    if (sopool_read_array(&r, &count) != 0)
        return wrong(u, "is not a list");
    if (count != want)
        return wrong(u, "is a list of another length than the format");
    for (u->at = format_next(u->at + 1); *u->at != ']';
         u->at = format_next(u->at + 1)) {
        size_t was = go_into(u, NULL, index++, NULL, 0);

        if (sopool_read_raw(&r, &part) != 0 || unpack_item(u, part) != 0)
            return -1;
        u->path[was] = '\0';
    }
    return 0;
}

/* The value of a key, or -1. */
static int find(sopool_reader r, const char *key, size_t size,
                sopool_blob *value)
{
    uint64_t pairs;
    sopool_text name;

    if (sopool_read_map(&r, &pairs) != 0)
        return -1;
    for (; pairs > 0; pairs--) {
        if (sopool_read_text(&r, &name) != 0 || sopool_read_raw(&r, value) != 0)
            return -1;
        if (name.size == size && memcmp(name.ptr, key, size) == 0)
            return 0;
    }
    return -1;
}

static int unpack_pair(struct unpacker *u, sopool_blob map)
{
    const char *key = va_arg(u->args, const char *);
    size_t size = *u->at == 'S' ? va_arg(u->args, size_t) : strlen(key);
    size_t was = go_into(u, ".%.*s", 0, key, size);
    sopool_blob value;

    u->at = format_next(u->at + 1);
    if (find(reader_of(map), key, size, &value) != 0)
        return wrong(u, "is missing");
    if (unpack_item(u, value) != 0)
        return -1;
    u->path[was] = '\0';
    return 0;
}

static int unpack_map(struct unpacker *u, sopool_blob item)
{
    if (item.ptr[0] >> 5 != 5)
        return wrong(u, "is not a map");
    for (u->at = format_next(u->at + 1); *u->at != '}';
         u->at = format_next(u->at + 1))
        if (unpack_pair(u, item) != 0)
            return -1;
    return 0;
}

/* ---- the whole --------------------------------------------------------- */

/* As deep as the format, which was checked. */
static int unpack_item(struct unpacker *u, sopool_blob item)
{
    if (*u->at == '[')
        return unpack_list(u, item);
    if (*u->at == '{')
        return unpack_map(u, item);
    return unpack_letter(u, item);
}

static sopool_blob blob_of(const sopool_value *value)
{
    sopool_blob item;
    size_t size;

    item.ptr = sopool_value_cbor(value, &size);
    item.size = size;
    return item;
}

int sopool_unpack(const sopool_value *value, sopool_error *err,
                  const char *format, ...)
{
    struct unpacker u = {.at = format_next(format), .err = err};
    int status;

    if (format_check(format, "nbiIuUfSBv*", err) != 0)
        return -1;
    va_start(u.args, format);
    status = unpack_item(&u, blob_of(value));
    va_end(u.args);
    while (status != 0 && u.given_count > 0) {
        sopool_value **given = u.given[--u.given_count];

        sopool_value_free(*given);
        *given = NULL;
    }
    return status;
}

/* ---- one part ---------------------------------------------------------- */

static sopool_value *copy_part(sopool_blob part, sopool_error *err)
{
    sopool_value *value = value_copy(part.ptr, (size_t)part.size);

    if (value == NULL)
        (void)error_nomem(err);
    return value;
}

int sopool_value_count(const sopool_value *value, size_t *out,
                       sopool_error *err)
{
    sopool_reader r = reader_of(blob_of(value));
    uint64_t count;

    if (sopool_peek(&r) == SOPOOL_CBOR_MAP ? sopool_read_map(&r, &count) != 0
                                           : sopool_read_array(&r, &count) != 0)
        return error_set(err, SOPOOL_E_VALUE,
                         "the value is neither a list nor a map");
    *out = (size_t)count;
    return 0;
}

sopool_value *sopool_value_at(const sopool_value *value, size_t index,
                              sopool_error *err)
{
    sopool_reader r = reader_of(blob_of(value));
    uint64_t count;
    sopool_blob part;

    if (sopool_read_array(&r, &count) != 0) {
        (void)error_set(err, SOPOOL_E_VALUE, "the value is not a list");
        return NULL;
    }
    for (uint64_t i = 0; i < count; i++) {
        if (sopool_read_raw(&r, &part) != 0)
            break;
        if (i == index)
            return copy_part(part, err);
    }
    (void)error_set(err, SOPOOL_E_VALUE,
                    "the list has no item %zu, it has %llu", index,
                    (unsigned long long)count);
    return NULL;
}

sopool_value *sopool_value_find(const sopool_value *value, const char *key,
                                sopool_error *err)
{
    sopool_blob map = blob_of(value), part;

    if (map.ptr[0] >> 5 != 5)
        (void)error_set(err, SOPOOL_E_VALUE, "the value is not a map");
    else if (find(reader_of(map), key, strlen(key), &part) != 0)
        (void)error_set(err, SOPOOL_E_VALUE, "the map has no key '%.60s'", key);
    else
        return copy_part(part, err);
    return NULL;
}
