/* pack.c - sopool_pack: values by a format. See sopool.h. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "value/encode.h"
#include "value/format.h"
#include "value/value.h"

struct packer {
    const char *at;
    va_list args;
    struct buf *out;
    sopool_error *err;
};

static int pack_item(struct packer *p);

/* Appends what one of the codec's functions writes. */
#define PUT(p, call)                                                           \
    do {                                                                       \
        sopool_writer w = buf_writer((p)->out);                                \
        (void)(call);                                                          \
        if (buf_written((p)->out, &w) != 0)                                    \
            return error_nomem((p)->err);                                      \
    } while (0)

static int pack_text(struct packer *p, const char *text, size_t size)
{
    uint64_t good = sopool_utf8_span(text, size);

    if (good != size)
        return error_set(p->err, SOPOOL_E_VALUE,
                         "a text is not UTF-8 from its byte %llu on",
                         (unsigned long long)good + 1);
    PUT(p, sopool_put_text(&w, text, size));
    return 0;
}

static int pack_str(struct packer *p)
{
    const char *text = va_arg(p->args, const char *);

    return pack_text(p, text, strlen(text));
}

static int pack_sized_str(struct packer *p)
{
    const char *text = va_arg(p->args, const char *);
    size_t size = va_arg(p->args, size_t);

    return pack_text(p, text, size);
}

static int pack_bytes(struct packer *p)
{
    const void *data = va_arg(p->args, const void *);
    size_t size = va_arg(p->args, size_t);

    PUT(p, sopool_put_bytes(&w, data, size));
    return 0;
}

static int pack_value(struct packer *p)
{
    const sopool_value *value = va_arg(p->args, const sopool_value *);
    size_t size;
    const void *item = sopool_value_cbor(value, &size);

    PUT(p, sopool_put_raw(&w, item, size));
    return 0;
}

static int pack_letter(struct packer *p)
{
    switch (*p->at) {
    case 'n':
        PUT(p, sopool_put_null(&w));
        return 0;
    case 'b':
        PUT(p, sopool_put_bool(&w, va_arg(p->args, int) != 0));
        return 0;
    case 'i':
        PUT(p, sopool_put_i64(&w, va_arg(p->args, int)));
        return 0;
    case 'I':
        PUT(p, sopool_put_i64(&w, va_arg(p->args, int64_t)));
        return 0;
    case 'u':
        PUT(p, sopool_put_u64(&w, va_arg(p->args, unsigned)));
        return 0;
    case 'U':
        PUT(p, sopool_put_u64(&w, va_arg(p->args, uint64_t)));
        return 0;
    case 'f':
        PUT(p, sopool_put_f64(&w, va_arg(p->args, double)));
        return 0;
    case 's':
        return pack_str(p);
    case 'S':
        return pack_sized_str(p);
    case 'B':
        return pack_bytes(p);
    default:
        return pack_value(p);
    }
}

static int pack_list(struct packer *p)
{
    size_t count = format_count(p->at);

    PUT(p, sopool_put_array(&w, count));
    for (p->at = format_next(p->at + 1); *p->at != ']';
         p->at = format_next(p->at + 1))
        if (pack_item(p) != 0)
            return -1;
    return 0;
}

/* ---- maps -------------------------------------------------------------- */

/* A pair as it was written: from `at`, first the key. */
struct pair {
    const uint8_t *at;
    size_t key, whole;
};

/* The order of the profile: the shorter key first, then by bytes. */
static int compare(const void *a, const void *b)
{
    const struct pair *one = a, *two = b;

    if (one->key != two->key)
        return one->key < two->key ? -1 : 1;
    return memcmp(one->at, two->at, one->key);
}

static int check_unique(const struct pair *pair, size_t count,
                        sopool_error *err)
{
    for (size_t i = 1; i < count; i++)
        if (compare(&pair[i - 1], &pair[i]) == 0)
            return error_set(err, SOPOOL_E_VALUE,
                             "a map has the same key twice");
    return 0;
}

/* Writes the pairs into `raw`, in the order of the format. */
static int pack_pairs(struct packer *p, struct buf *raw, struct pair *pair)
{
    struct buf *out = p->out;
    size_t count = 0;
    int status = 0;

    p->out = raw;
    for (p->at = format_next(p->at + 1); *p->at != '}' && status == 0;
         p->at = format_next(p->at + 1)) {
        size_t before = raw->size;

        status = pack_item(p);
        pair[count].key = raw->size - before;
        p->at = format_next(p->at + 1);
        if (status == 0)
            status = pack_item(p);
        pair[count++].whole = raw->size - before;
    }
    p->out = out;
    return status;
}

static int put_sorted(struct packer *p, const struct buf *raw,
                      struct pair *pair, size_t count)
{
    const uint8_t *at = raw->data;

    for (size_t i = 0; i < count; i++) {
        pair[i].at = at;
        at += pair[i].whole;
    }
    if (count > 1)
        qsort(pair, count, sizeof(*pair), compare);
    if (check_unique(pair, count, p->err) != 0)
        return -1;
    PUT(p, sopool_put_map(&w, count));
    for (size_t i = 0; i < count; i++)
        if (buf_add(p->out, pair[i].at, pair[i].whole) != 0)
            return error_nomem(p->err);
    return 0;
}

static int pack_map(struct packer *p)
{
    size_t count = format_count(p->at) / 2;
    struct pair *pair = calloc(count + 1, sizeof(*pair));
    struct buf raw = {0};
    int status;

    if (pair == NULL)
        return error_nomem(p->err);
    status = pack_pairs(p, &raw, pair);
    if (status == 0)
        status = put_sorted(p, &raw, pair, count);
    buf_finish(&raw);
    free(pair);
    return status;
}

/* ---- the whole --------------------------------------------------------- */

/* As deep as the format, which was checked. */
static int pack_item(struct packer *p)
{
    if (*p->at == '[')
        return pack_list(p);
    if (*p->at == '{')
        return pack_map(p);
    return pack_letter(p);
}

/* A value that was put in may have made it too deep. */
static sopool_value *finish(const struct buf *out, sopool_error *err)
{
    const char *why = sopool_cbor_check(out->data, out->size);
    sopool_value *value;

    if (why != NULL) {
        (void)error_set(err, SOPOOL_E_VALUE, "the value %s", why);
        return NULL;
    }
    value = value_copy(out->data, out->size);
    if (value == NULL)
        (void)error_nomem(err);
    return value;
}

sopool_value *sopool_pack(sopool_error *err, const char *format, ...)
{
    struct buf out = {0};
    struct packer p = {.at = format_next(format), .out = &out, .err = err};
    sopool_value *value = NULL;
    int status;

    if (format_check(format, "nbiIuUfsSBv", err) != 0)
        return NULL;
    va_start(p.args, format);
    status = pack_item(&p);
    va_end(p.args);
    if (status == 0)
        value = finish(&out, err);
    buf_finish(&out);
    return value;
}
