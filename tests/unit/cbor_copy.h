/* cbor_copy.h - an item through the reader and the writer, for the tests of
 * the codec; and bytes as hexadecimal digits. */
#ifndef SOPOOL_TESTS_CBOR_COPY_H
#define SOPOOL_TESTS_CBOR_COPY_H

#include <sopool/cbor.h>

#include <stdio.h>

/* Writes one item that was read, or its head. Returns how many items must
 * follow it. */
static inline uint64_t copy_item(sopool_writer *w, const sopool_cbor *item)
{
    switch (item->kind) {
    case SOPOOL_CBOR_UINT:
        (void)sopool_put_u64(w, item->value);
        return 0;
    case SOPOOL_CBOR_NEGINT:
        if (item->value <= INT64_MAX)
            (void)sopool_put_i64(w, -1 - (int64_t)item->value);
        else
            (void)sopool_put_item(w, SOPOOL_CBOR_NEGINT, item->value, NULL, 0);
        return 0;
    case SOPOOL_CBOR_BYTES:
        (void)sopool_put_bytes(w, item->data, item->size);
        return 0;
    case SOPOOL_CBOR_TEXT:
        (void)sopool_put_text(w, (const char *)item->data, item->size);
        return 0;
    case SOPOOL_CBOR_ARRAY:
        (void)sopool_put_array(w, item->value);
        return item->value;
    case SOPOOL_CBOR_MAP:
        (void)sopool_put_map(w, item->value);
        return 2 * item->value;
    case SOPOOL_CBOR_TAG:
        (void)sopool_put_tag(w, item->value);
        return 1;
    case SOPOOL_CBOR_BOOL:
        (void)sopool_put_bool(w, item->value != 0);
        return 0;
    case SOPOOL_CBOR_NULL:
        (void)sopool_put_null(w);
        return 0;
    default:
        (void)sopool_put_f64(w, item->number);
        return 0;
    }
}

/* One whole item, piece by piece. 0, or -1 when either side failed. */
static inline int copy_cbor(sopool_reader *r, sopool_writer *w)
{
    uint64_t left = 1;
    sopool_cbor item;

    while (left > 0) {
        if (sopool_read(r, &item) != 0)
            return -1;
        left += copy_item(w, &item) - 1;
    }
    return w->failed ? -1 : 0;
}

static inline unsigned hex_digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* The bytes of an even number of digits; returns how many bytes. */
static inline size_t hex_bytes(const char *hex, uint8_t *out)
{
    size_t size = 0;

    for (; hex[0] != '\0' && hex[0] != '\n'; hex += 2)
        out[size++] = (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
    return size;
}

static inline void hex_print(FILE *to, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        (void)fprintf(to, "%02x", data[i]);
    (void)fputc('\n', to);
}

#endif
