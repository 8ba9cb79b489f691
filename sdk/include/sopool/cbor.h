/* cbor.h - values as bytes: CBOR (RFC 8949) in a strict, deterministic profile.
 *
 * The profile: definite lengths; shortest heads; floats in the shortest of 16,
 * 32 and 64 bits that keeps the value (a NaN is f97e00); text is UTF-8; the
 * keys of a map are texts, sorted by their encoded bytes, each once; at most
 * SOPOOL_CBOR_DEPTH containers inside one another; no count above the bytes
 * that remain; of the simple values false, true and null; of the tags those of
 * typed arrays (RFC 8746) over a byte string of a fitting length. It is the
 * "core deterministic encoding" of RFC 8949, section 4.2, with less in it, so
 * equal values are equal bytes.
 *
 * Header only, without allocation, without recursion, in C11 and C++11. The
 * reader may be given hostile bytes. Readers and writers are plain structs on
 * the caller's stack, for one thread at a time; what a reader hands out points
 * into the bytes it reads. Functions return 0, or -1 on failure.
 */
#ifndef SOPOOL_CBOR_H
#define SOPOOL_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SOPOOL_CBOR_DEPTH 32

/* Text, and bytes: not owned, not ended by a NUL. */
typedef struct sopool_text {
    const char *ptr;
    uint64_t size;
} sopool_text;

typedef struct sopool_blob {
    const uint8_t *ptr;
    uint64_t size;
} sopool_blob;

/* The kinds of item. */
#define SOPOOL_CBOR_UINT UINT32_C(0)   /* value */
#define SOPOOL_CBOR_NEGINT UINT32_C(1) /* -1 - value */
#define SOPOOL_CBOR_BYTES UINT32_C(2)  /* data, size */
#define SOPOOL_CBOR_TEXT UINT32_C(3)   /* data, size */
#define SOPOOL_CBOR_ARRAY UINT32_C(4)  /* value: how many items follow */
#define SOPOOL_CBOR_MAP UINT32_C(5)    /* value: how many pairs follow */
#define SOPOOL_CBOR_TAG UINT32_C(6)    /* value: the tag; its item follows */
#define SOPOOL_CBOR_BOOL UINT32_C(7)   /* value: 0 or 1 */
#define SOPOOL_CBOR_NULL UINT32_C(8)
#define SOPOOL_CBOR_FLOAT UINT32_C(9) /* number */

typedef struct sopool_cbor {
    uint32_t kind;
    uint64_t value;
    double number;
    const uint8_t *data;
    uint64_t size;
} sopool_cbor;

/* Reads item after item. After a failure `error` says what was wrong (static
 * text), and every further read fails. */
typedef struct sopool_reader {
    const uint8_t *at;
    const uint8_t *end;
    const char *error;
} sopool_reader;

/* Writes item after item to `data`. Without `grow` the room is fixed; with it,
 * grow(w, need) sets `data` to memory that begins with what was written so far,
 * and `room` to its bytes, at least `need`; it returns 0, or -1 when there is
 * none. After a failure every further write fails. */
typedef struct sopool_writer {
    uint8_t *data;
    size_t size; /* bytes written */
    size_t room;
    int failed;
    int (*grow)(struct sopool_writer *w, size_t need);
    void *ctx; /* for grow */
} sopool_writer;

/* ---- small parts ------------------------------------------------------- */

static inline uint64_t sopool_cbor_load(const uint8_t *at, unsigned bytes)
{
    uint64_t value = 0;
    unsigned i;

    for (i = 0; i < bytes; i++)
        value = value << 8 | at[i];
    return value;
}

static inline double sopool_cbor_half(uint64_t bits)
{
    uint64_t sign = bits >> 15 & 1, exp = bits >> 10 & 31, frac = bits & 1023;
    uint64_t wide;
    double value;

    if (exp == 0) { /* a multiple of 2^-24 */
        value = (double)frac / 16777216.0;
        return sign ? -value : value;
    }
    wide = sign << 63 | (exp == 31 ? UINT64_C(2047) : exp + 1008) << 52 |
           frac << 42;
    memcpy(&value, &wide, sizeof(value));
    return value;
}

static inline double sopool_cbor_single(uint64_t bits)
{
    uint32_t narrow = (uint32_t)bits;
    float value;

    memcpy(&value, &narrow, sizeof(value));
    return (double)value;
}

/* The shortest encoding of a number: how many bytes it has after the first,
 * and its bits. */
static inline unsigned sopool_cbor_shrink(double value, uint64_t *bits)
{
    uint64_t wide, exp, frac;
    uint32_t narrow;
    float single;

    memcpy(&wide, &value, sizeof(wide));
    exp = wide >> 52 & 2047;
    frac = wide & ((UINT64_C(1) << 52) - 1);
    if (exp == 2047 && frac != 0) {
        *bits = 0x7e00;
        return 2;
    }
    *bits = wide >> 63 << 15;
    if (exp == 2047 || (exp == 0 && frac == 0)) {
        *bits |= exp == 2047 ? 0x7c00 : 0;
        return 2;
    }
    if (exp >= 1009 && exp <= 1038 && (frac & ((UINT64_C(1) << 42) - 1)) == 0) {
        *bits |= (exp - 1008) << 10 | frac >> 42;
        return 2;
    }
    if (exp >= 999 && exp <= 1008) { /* subnormal in 16 bits */
        uint64_t whole = frac | UINT64_C(1) << 52;
        unsigned shift = (unsigned)(1051 - exp);

        if ((whole & ((UINT64_C(1) << shift) - 1)) == 0) {
            *bits |= whole >> shift;
            return 2;
        }
    }
    if (exp < 874 || exp > 1150) { /* not even subnormal in 32 bits */
        *bits = wide;
        return 8;
    }
    single = (float)value;
    if ((double)single >= value && (double)single <= value) {
        memcpy(&narrow, &single, sizeof(narrow));
        *bits = narrow;
        return 4;
    }
    *bits = wide;
    return 8;
}

/* Where the first byte that is not UTF-8 stands; `size` if all are. */
static inline uint64_t sopool_utf8_check(const void *text, uint64_t size)
{
    const uint8_t *s = (const uint8_t *)text;
    uint64_t i = 0;

    while (i < size) {
        uint64_t word;
        unsigned more, j;
        uint8_t low = 0x80, high = 0xbf;

        if (size - i >= 8) {
            memcpy(&word, s + i, 8);
            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                i += 8;
                continue;
            }
        }
        if (s[i] < 0x80) {
            i++;
            continue;
        }
        if (s[i] >= 0xc2 && s[i] <= 0xdf)
            more = 1;
        else if (s[i] >= 0xe0 && s[i] <= 0xef)
            more = 2;
        else if (s[i] >= 0xf0 && s[i] <= 0xf4)
            more = 3;
        else
            return i;
        if (size - i <= more)
            return i;
        if (s[i] == 0xe0)
            low = 0xa0; /* shorter forms exist */
        else if (s[i] == 0xed)
            high = 0x9f; /* surrogates */
        else if (s[i] == 0xf0)
            low = 0x90;
        else if (s[i] == 0xf4)
            high = 0x8f; /* above U+10FFFF */
        if (s[i + 1] < low || s[i + 1] > high)
            return i;
        for (j = 2; j <= more; j++)
            if ((s[i + j] & 0xc0) != 0x80)
                return i;
        i += more + 1;
    }
    return size;
}

/* Bytes of an element of a typed array's tag; 0 for other tags. */
static inline unsigned sopool_typed_size(uint64_t tag)
{
    /* RFC 8746: 0b010_f_s_e_ll; 76 is reserved. */
    if (tag < 64 || tag > 87 || tag == 76)
        return 0;
    if (tag & 16)
        return 2u << (tag & 3);
    return 1u << (tag & 3);
}

/* ---- reading ----------------------------------------------------------- */

static inline sopool_reader sopool_reader_of(const void *data, size_t size)
{
    sopool_reader r;

    r.at = (const uint8_t *)data;
    r.end = r.at + size;
    r.error = NULL;
    return r;
}

static inline int sopool_read_fail(sopool_reader *r, const char *why)
{
    if (r->error == NULL)
        r->error = why;
    return -1;
}

/* The head that begins at `at`: its major type, its argument, and how many
 * bytes it has; 0 with an error. */
static inline unsigned sopool_read_head(sopool_reader *r, unsigned *major,
                                        unsigned *info, uint64_t *value)
{
    uint64_t left = (uint64_t)(r->end - r->at);
    unsigned bytes;

    if (r->error != NULL)
        return 0;
    if (left == 0)
        return (void)sopool_read_fail(r, "the data ends too early"), 0u;
    *major = r->at[0] >> 5;
    *info = r->at[0] & 31;
    if (*info < 24) {
        *value = *info;
        return 1;
    }
    if (*info == 31)
        return (void)sopool_read_fail(r, "an item of indefinite length"), 0u;
    if (*info > 27)
        return (void)sopool_read_fail(r, "a reserved head"), 0u;
    bytes = 1u << (*info - 24);
    if (left <= bytes)
        return (void)sopool_read_fail(r, "the data ends too early"), 0u;
    *value = sopool_cbor_load(r->at + 1, bytes);
    if (*major != 7 &&
        (*value < 24 || (bytes > 1 && *value >> (bytes * 4) == 0)))
        return (void)sopool_read_fail(r, "a head that is not the shortest"), 0u;
    return bytes + 1;
}

static inline int sopool_read_simple(sopool_reader *r, unsigned info,
                                     uint64_t bits, sopool_cbor *out)
{
    uint64_t shortest;

    switch (info) {
    case 20:
    case 21:
        out->kind = SOPOOL_CBOR_BOOL;
        out->value = info == 21;
        return 0;
    case 22:
        out->kind = SOPOOL_CBOR_NULL;
        return 0;
    case 25:
        out->number = sopool_cbor_half(bits);
        break;
    case 26:
        out->number = sopool_cbor_single(bits);
        break;
    case 27:
        memcpy(&out->number, &bits, sizeof(bits));
        break;
    default:
        return sopool_read_fail(r, "a simple value that is not allowed");
    }
    out->kind = SOPOOL_CBOR_FLOAT;
    if (sopool_cbor_shrink(out->number, &shortest) != 1u << (info - 24) ||
        shortest != bits)
        return sopool_read_fail(r, "a float that is not the shortest");
    return 0;
}

/* The next item: whole, or of an array, a map or a tag the head. */
static inline int sopool_read(sopool_reader *r, sopool_cbor *out)
{
    unsigned major = 0, info = 0;
    uint64_t value = 0, left;
    unsigned head = sopool_read_head(r, &major, &info, &value);

    if (head == 0)
        return -1;
    left = (uint64_t)(r->end - r->at) - head;
    out->value = value;
    out->size = 0;
    out->data = NULL;
    out->number = 0;
    out->kind = major;
    switch (major) {
    case 2:
    case 3:
        if (value > left)
            return sopool_read_fail(r, "the data ends too early");
        out->data = r->at + head;
        out->size = value;
        if (major == 3 && sopool_utf8_check(out->data, value) != value)
            return sopool_read_fail(r, "text that is not UTF-8");
        r->at += value;
        break;
    case 4:
        if (value > left)
            return sopool_read_fail(r, "an array longer than the data");
        break;
    case 5:
        if (value > left / 2)
            return sopool_read_fail(r, "a map longer than the data");
        break;
    case 6:
        if (sopool_typed_size(value) == 0)
            return sopool_read_fail(r, "a tag that is not allowed");
        break;
    case 7:
        if (sopool_read_simple(r, info, value, out) != 0)
            return -1;
        break;
    default:
        break;
    }
    r->at += head;
    return 0;
}

/* An item of one kind; of another, the reader stays where it was. */
static inline int sopool_read_kind(sopool_reader *r, uint32_t kind,
                                   sopool_cbor *out, const char *why)
{
    const uint8_t *at = r->at;

    if (sopool_read(r, out) != 0)
        return -1;
    if (out->kind == kind)
        return 0;
    r->at = at;
    return sopool_read_fail(r, why);
}

static inline int sopool_read_null(sopool_reader *r)
{
    sopool_cbor item;

    return sopool_read_kind(r, SOPOOL_CBOR_NULL, &item, "not null");
}

static inline int sopool_read_bool(sopool_reader *r, bool *out)
{
    sopool_cbor item;

    if (sopool_read_kind(r, SOPOOL_CBOR_BOOL, &item, "not a bool") != 0)
        return -1;
    *out = item.value != 0;
    return 0;
}

static inline int sopool_read_u64(sopool_reader *r, uint64_t *out)
{
    sopool_cbor item;

    if (sopool_read_kind(r, SOPOOL_CBOR_UINT, &item, "not a u64") != 0)
        return -1;
    *out = item.value;
    return 0;
}

static inline int sopool_read_i64(sopool_reader *r, int64_t *out)
{
    const uint8_t *at = r->at;
    sopool_cbor item;

    if (sopool_read(r, &item) != 0)
        return -1;
    if (item.kind > SOPOOL_CBOR_NEGINT || item.value > INT64_MAX) {
        r->at = at;
        return sopool_read_fail(r, "not an i64");
    }
    *out = item.kind == SOPOOL_CBOR_UINT ? (int64_t)item.value
                                         : -1 - (int64_t)item.value;
    return 0;
}

/* A float, or an integer as one. */
static inline int sopool_read_f64(sopool_reader *r, double *out)
{
    const uint8_t *at = r->at;
    sopool_cbor item;

    if (sopool_read(r, &item) != 0)
        return -1;
    if (item.kind == SOPOOL_CBOR_FLOAT) {
        *out = item.number;
    } else if (item.kind == SOPOOL_CBOR_UINT) {
        *out = (double)item.value;
    } else if (item.kind == SOPOOL_CBOR_NEGINT) {
        *out = -1.0 - (double)item.value;
    } else {
        r->at = at;
        return sopool_read_fail(r, "not a number");
    }
    return 0;
}

static inline int sopool_read_text(sopool_reader *r, sopool_text *out)
{
    sopool_cbor item;

    if (sopool_read_kind(r, SOPOOL_CBOR_TEXT, &item, "not a text") != 0)
        return -1;
    out->ptr = (const char *)item.data;
    out->size = item.size;
    return 0;
}

static inline int sopool_read_bytes(sopool_reader *r, sopool_blob *out)
{
    sopool_cbor item;

    if (sopool_read_kind(r, SOPOOL_CBOR_BYTES, &item, "not bytes") != 0)
        return -1;
    out->ptr = item.data;
    out->size = item.size;
    return 0;
}

static inline int sopool_read_array(sopool_reader *r, uint64_t *count)
{
    sopool_cbor item;

    if (sopool_read_kind(r, SOPOOL_CBOR_ARRAY, &item, "not an array") != 0)
        return -1;
    *count = item.value;
    return 0;
}

static inline int sopool_read_map(sopool_reader *r, uint64_t *pairs)
{
    sopool_cbor item;

    if (sopool_read_kind(r, SOPOOL_CBOR_MAP, &item, "not a map") != 0)
        return -1;
    *pairs = item.value;
    return 0;
}

/* A container that a reader is inside of. */
typedef struct sopool_cbor_level {
    uint64_t left;      /* items still to come */
    bool map;           /* keys and values in turn */
    const uint8_t *key; /* the encoded key before, or NULL */
    uint64_t key_size;
} sopool_cbor_level;

/* A key must be a text and sort after the one before. */
static inline int sopool_read_key(sopool_reader *r, sopool_cbor_level *level,
                                  const uint8_t *at, const sopool_cbor *item)
{
    uint64_t size = (uint64_t)(r->at - at);
    uint64_t both = size < level->key_size ? size : level->key_size;
    int order;

    if (item->kind != SOPOOL_CBOR_TEXT)
        return sopool_read_fail(r, "a map's key that is not a text");
    if (level->key != NULL) {
        order = memcmp(level->key, at, (size_t)both);
        if (order == 0 && size == level->key_size)
            return sopool_read_fail(r, "a map with a key twice");
        if (order > 0 || (order == 0 && size < level->key_size))
            return sopool_read_fail(r, "a map whose keys are not sorted");
    }
    level->key = at;
    level->key_size = size;
    return 0;
}

/* Passes over one whole item and checks it against the profile. */
static inline int sopool_read_skip(sopool_reader *r)
{
    sopool_cbor_level level[SOPOOL_CBOR_DEPTH];
    unsigned depth = 0;
    uint64_t typed = 0; /* the tag just before */

    for (;;) {
        const uint8_t *at = r->at;
        sopool_cbor item;

        if (sopool_read(r, &item) != 0)
            return -1;
        if (typed != 0 && (item.kind != SOPOOL_CBOR_BYTES ||
                           item.size % sopool_typed_size(typed) != 0))
            return sopool_read_fail(r, "a typed array without fitting bytes");
        if (depth > 0 && level[depth - 1].map && typed == 0 &&
            level[depth - 1].left % 2 == 0 &&
            sopool_read_key(r, &level[depth - 1], at, &item) != 0)
            return -1;
        typed = item.kind == SOPOOL_CBOR_TAG ? item.value : 0;
        if (typed != 0)
            continue;
        if (depth > 0)
            level[depth - 1].left--;
        if (item.kind == SOPOOL_CBOR_ARRAY || item.kind == SOPOOL_CBOR_MAP) {
            if (depth == SOPOOL_CBOR_DEPTH)
                return sopool_read_fail(r, "containers nested too deeply");
            level[depth].map = item.kind == SOPOOL_CBOR_MAP;
            level[depth].left = item.value << level[depth].map;
            level[depth].key = NULL;
            level[depth].key_size = 0;
            depth++;
        }
        while (depth > 0 && level[depth - 1].left == 0)
            depth--;
        if (depth == 0)
            return 0;
    }
}

/* The same, and where it lay. */
static inline int sopool_read_raw(sopool_reader *r, sopool_blob *out)
{
    const uint8_t *at = r->at;

    if (sopool_read_skip(r) != 0)
        return -1;
    out->ptr = at;
    out->size = (uint64_t)(r->at - at);
    return 0;
}

/* NULL if the bytes are one item within the profile and nothing more; else what
 * is wrong (static text). */
static inline const char *sopool_cbor_check(const void *data, size_t size)
{
    sopool_reader r = sopool_reader_of(data, size);

    if (sopool_read_skip(&r) == 0 && r.at != r.end)
        return "bytes behind the end of the value";
    return r.error;
}

/* ---- writing ----------------------------------------------------------- */

static inline sopool_writer sopool_writer_of(void *data, size_t room)
{
    sopool_writer w;

    memset(&w, 0, sizeof(w));
    w.data = (uint8_t *)data;
    w.room = room;
    return w;
}

/* Where the next `size` bytes go, NULL when there is no room. */
static inline uint8_t *sopool_put_room(sopool_writer *w, uint64_t size)
{
    if (w->failed)
        return NULL;
    if (size <= w->room - w->size && w->data != NULL)
        return w->data + w->size;
    if (w->grow != NULL && size <= SIZE_MAX / 2 - w->size &&
        w->grow(w, w->size + (size_t)size) == 0)
        return w->data + w->size;
    w->failed = 1;
    return NULL;
}

/* Bytes of the shortest head for a value: 1, 2, 3, 5 or 9. */
static inline size_t sopool_head_size(uint64_t value)
{
    if (value < 24)
        return 1;
    if (value <= UINT8_MAX)
        return 2;
    if (value <= UINT16_MAX)
        return 3;
    return value <= UINT32_MAX ? 5 : 9;
}

/* Writes that head and returns its size. */
static inline size_t sopool_head_put(uint8_t *to, unsigned major,
                                     uint64_t value)
{
    size_t size = sopool_head_size(value), i;
    static const uint8_t info[] = {0, 0, 24, 25, 0, 26, 0, 0, 0, 27};

    to[0] = (uint8_t)(major << 5 |
                      (size == 1 ? (unsigned)value : (unsigned)info[size]));
    for (i = size - 1; i > 0; i--) {
        to[i] = (uint8_t)value;
        value >>= 8;
    }
    return size;
}

static inline int sopool_put_head(sopool_writer *w, unsigned major,
                                  uint64_t value)
{
    uint8_t *to = sopool_put_room(w, sopool_head_size(value));

    if (to == NULL)
        return -1;
    w->size += sopool_head_put(to, major, value);
    return 0;
}

/* Bytes as they are: one or more items, encoded already. */
static inline int sopool_put_raw(sopool_writer *w, const void *data,
                                 uint64_t size)
{
    uint8_t *to = sopool_put_room(w, size);

    if (to == NULL)
        return -1;
    if (size > 0)
        memcpy(to, data, (size_t)size);
    w->size += (size_t)size;
    return 0;
}

static inline int sopool_put_null(sopool_writer *w)
{
    return sopool_put_raw(w, "\xf6", 1);
}

static inline int sopool_put_bool(sopool_writer *w, bool value)
{
    return sopool_put_raw(w, value ? "\xf5" : "\xf4", 1);
}

static inline int sopool_put_u64(sopool_writer *w, uint64_t value)
{
    return sopool_put_head(w, 0, value);
}

static inline int sopool_put_i64(sopool_writer *w, int64_t value)
{
    return value >= 0 ? sopool_put_head(w, 0, (uint64_t)value)
                      : sopool_put_head(w, 1, (uint64_t)(-1 - value));
}

static inline int sopool_put_f64(sopool_writer *w, double value)
{
    uint8_t item[9];
    uint64_t bits;
    unsigned bytes = sopool_cbor_shrink(value, &bits), i;

    item[0] = (uint8_t)(bytes == 2 ? 0xf9 : bytes == 4 ? 0xfa : 0xfb);
    for (i = bytes; i > 0; i--) {
        item[i] = (uint8_t)bits;
        bits >>= 8;
    }
    return sopool_put_raw(w, item, bytes + 1);
}

static inline int sopool_put_text(sopool_writer *w, const char *text,
                                  uint64_t size)
{
    return sopool_put_head(w, 3, size) != 0 ? -1
                                            : sopool_put_raw(w, text, size);
}

static inline int sopool_put_bytes(sopool_writer *w, const void *data,
                                   uint64_t size)
{
    return sopool_put_head(w, 2, size) != 0 ? -1
                                            : sopool_put_raw(w, data, size);
}

/* The head of an array: `count` items must follow. */
static inline int sopool_put_array(sopool_writer *w, uint64_t count)
{
    return sopool_put_head(w, 4, count);
}

/* The head of a map: `pairs` of a text and an item must follow, in the order of
 * their encoded keys (shorter texts first, then by bytes). */
static inline int sopool_put_map(sopool_writer *w, uint64_t pairs)
{
    return sopool_put_head(w, 5, pairs);
}

/* A typed array: `size` bytes of elements as the tag says (69 is u16 LE). */
static inline int sopool_put_typed(sopool_writer *w, uint64_t tag,
                                   const void *data, uint64_t size)
{
    return sopool_put_head(w, 6, tag) != 0 ? -1
                                           : sopool_put_bytes(w, data, size);
}

#ifdef __cplusplus
}
#endif

#endif
