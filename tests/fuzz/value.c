/* value.c - fuzzes values: any bytes as a result, read by each function that
 * reads results, and built anew. */
#include "fuzz.h"

#include <string.h>

#include <sopool/cbor.h>

#include "value/value.h"

enum { DEPTH = 40 };

static void read_as_each_type(const sopool_value *value)
{
    const char *text;
    const void *data;
    size_t size;
    double real;
    int64_t i64;
    uint64_t u64;
    bool flag;

    if (sopool_value_i64(value, &i64, NULL) == 0 && i64 >= 0)
        must(sopool_value_u64(value, &u64, NULL) == 0 && u64 == (uint64_t)i64);
    (void)sopool_value_bool(value, &flag, NULL);
    (void)sopool_value_f64(value, &real, NULL);
    if (sopool_value_str(value, &text, &size, NULL) == 0)
        must(sopool_utf8_span(text, size) == size);
    if (sopool_value_bytes(value, &data, &size, NULL) == 0 && size > 0) {
        volatile uint8_t last = ((const uint8_t *)data)[size - 1];

        (void)last;
    }
}

static void read_all(const sopool_value *value, int depth)
{
    size_t count;

    must(depth < DEPTH); /* the profile allows 32 */
    read_as_each_type(value);
    if (sopool_value_count(value, &count, NULL) != 0)
        return;
    for (size_t i = 0; i < count && i < 16; i++) {
        sopool_value *item = sopool_value_at(value, i, NULL);

        if (item != NULL)
            read_all(item, depth + 1);
        sopool_value_free(item);
    }
    must(sopool_value_at(value, count, NULL) == NULL);
    sopool_value_free(sopool_value_find(value, "a", NULL));
}

/* The profile is deterministic: equal values are equal bytes. */
static void build_anew(const sopool_value *value, const uint8_t *data,
                       size_t size)
{
    sopool_value *copy = sopool_pack(NULL, "v", value);
    sopool_value *one = NULL;
    const void *item;
    size_t item_size;

    must(copy != NULL);
    item = sopool_value_cbor(copy, &item_size);
    must(item_size == size && memcmp(item, data, size) == 0);
    must(sopool_unpack(copy, NULL, "v", &one) == 0);
    sopool_value_free(one);
    sopool_value_free(copy);
}

static void unpack(const sopool_value *value)
{
    const char *text;
    const void *data;
    size_t text_size, data_size;
    double real;
    int number, flag;

    (void)sopool_unpack(value, NULL, "[ifs]", &number, &real);
    (void)sopool_unpack(value, NULL, "[iSB*]", &number, &text, &text_size,
                        &data, &data_size);
    (void)sopool_unpack(value, NULL, "{s:b,s:[i*]}", "a", &flag, "b", &number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sopool_value *value;

    if (sopool_cbor_check(data, size) != NULL)
        return 0;
    value = value_copy(data, size);
    if (value == NULL)
        return 0;
    read_all(value, 0);
    build_anew(value, data, size);
    unpack(value);
    sopool_value_free(value);
    return 0;
}
