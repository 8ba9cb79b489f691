/* value.c - see value.h. */
#include "value/value.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <sopool/cbor.h>

#include "base/error.h"
#include "base/large.h"
#include "base/slab.h"

struct sopool_value {
    atomic_uint refs;
    bool small;          /* it lies in a slab */
    bool large;          /* `map` is from large_alloc */
    const uint8_t *item; /* in `map`, or in `own` */
    size_t size;
    void *map; /* owned, or NULL */
    size_t map_size;
    uint8_t own[];
};

enum { SMALL = 256 };

static const struct slab_kind values = {.number = 0};

/* With its bytes behind it, which are not filled in yet. */
static void init(sopool_value *value, bool small, size_t size)
{
    atomic_init(&value->refs, 1);
    value->small = small;
    value->large = false;
    value->item = value->own;
    value->size = size;
    if (small)
        return; /* it never has one */
    value->map = NULL;
    value->map_size = 0;
}

sopool_value *value_copy(const void *item, size_t size)
{
    bool small = size <= SMALL;
    sopool_value *value = small
                              ? slab_alloc(&values, NULL, sizeof(*value) + size)
                              : malloc(sizeof(*value) + size);

    if (value == NULL)
        return NULL;
    init(value, small, size);
    memcpy(value->own, item, size);
    return value;
}

sopool_value *value_short(const void *item, size_t size)
{
    sopool_value *value =
        slab_alloc(&values, NULL, sizeof(*value) + VALUE_SHORT);

    if (value == NULL)
        return NULL;
    init(value, true, size);
    memcpy(value->own, item, VALUE_SHORT);
    return value;
}

sopool_value *value_blank(size_t size, uint8_t **bytes)
{
    bool large = size >= LARGE_LEAST;
    sopool_value *value = malloc(sizeof(*value) + (large ? 0 : size));
    void *map = NULL;
    size_t room = 0;

    if (value == NULL || (large && (map = large_alloc(size, &room)) == NULL)) {
        free(value);
        return NULL;
    }
    init(value, false, size);
    *bytes = large ? map : value->own;
    value->large = large;
    value->item = *bytes;
    value->map = map;
    value->map_size = room;
    return value;
}

sopool_value *value_mapped(void *map, size_t map_size, size_t offset,
                           size_t size)
{
    sopool_value *value = malloc(sizeof(*value));

    if (value == NULL)
        return NULL;
    init(value, false, size);
    value->item = (const uint8_t *)map + offset;
    value->map = map;
    value->map_size = map_size;
    return value;
}

sopool_value *value_share(sopool_value *value)
{
    (void)atomic_fetch_add(&value->refs, 1);
    return value;
}

void sopool_value_free(sopool_value *value)
{
    if (value == NULL)
        return;
    /* Who has the only one need not agree with others. */
    if (atomic_load_explicit(&value->refs, memory_order_acquire) != 1 &&
        atomic_fetch_sub(&value->refs, 1) != 1)
        return;
    if (value->small) {
        slab_free(value);
        return;
    }
    if (value->large)
        large_free(value->map, value->map_size);
    else if (value->map != NULL)
        (void)munmap(value->map, value->map_size);
    free(value);
}

const void *sopool_value_cbor(const sopool_value *value, size_t *size)
{
    if (size != NULL)
        *size = value->size;
    return value->item;
}

static sopool_reader reader(const sopool_value *value)
{
    return sopool_reader_of(value->item, value->size);
}

static int wrong(const char *type, sopool_error *err)
{
    return error_set(err, SOPOOL_E_VALUE, "the value is not of type %s", type);
}

int sopool_value_bool(const sopool_value *value, bool *out, sopool_error *err)
{
    sopool_reader r = reader(value);

    return sopool_read_bool(&r, out) == 0 ? 0 : wrong("bool", err);
}

int sopool_value_i64(const sopool_value *value, int64_t *out, sopool_error *err)
{
    sopool_reader r = reader(value);

    return sopool_read_i64(&r, out) == 0 ? 0 : wrong("i64", err);
}

int sopool_value_u64(const sopool_value *value, uint64_t *out,
                     sopool_error *err)
{
    sopool_reader r = reader(value);

    return sopool_read_u64(&r, out) == 0 ? 0 : wrong("u64", err);
}

int sopool_value_f64(const sopool_value *value, double *out, sopool_error *err)
{
    sopool_reader r = reader(value);

    return sopool_read_f64(&r, out) == 0 ? 0 : wrong("f64", err);
}

int sopool_value_str(const sopool_value *value, const char **text, size_t *size,
                     sopool_error *err)
{
    sopool_reader r = reader(value);
    sopool_text out;

    if (sopool_read_text(&r, &out) != 0)
        return wrong("str", err);
    *text = out.ptr;
    *size = (size_t)out.size;
    return 0;
}

int sopool_value_bytes(const sopool_value *value, const void **data,
                       size_t *size, sopool_error *err)
{
    sopool_reader r = reader(value);
    sopool_blob out;

    if (sopool_read_bytes(&r, &out) != 0)
        return wrong("bytes", err);
    *data = out.ptr;
    *size = (size_t)out.size;
    return 0;
}
