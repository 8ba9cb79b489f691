/* cbor.h - reading and writing CBOR (RFC 8949) in sopool's strict profile.
 *
 * The profile makes equal values equal bytes:
 *  - definite lengths, and the shortest head for every number;
 *  - floats in the shortest of 16, 32 and 64 bits that keeps the value; the
 *    one NaN is f9 7e00;
 *  - the keys of a map are text, sorted (the shorter first, then bytewise) and
 *    unique;
 *  - text is UTF-8 without surrogates;
 *  - the simple values false, true and null alone;
 *  - no tags but those of typed arrays (RFC 8746: 64 to 87, without 76), over
 *    a byte string of whole elements;
 *  - lists and maps at most SOPOOL_CBOR_DEPTH deep;
 *  - a count never above what the bytes that remain could hold.
 *
 * A reader is a cursor over memory that it borrows; text and bytes that it
 * hands out point into that memory. A writer fills memory of the caller's. Both
 * are plain structs: nothing here allocates, recurses or needs a library.
 * Functions return 0, or -1 with the reason in the reader (the writer: failed).
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

/* How deep lists and maps may stand in one another. */
#define SOPOOL_CBOR_DEPTH 32

/* Text: UTF-8, `size` bytes, no NUL at the end. */
typedef struct sopool_text {
    const char *ptr;
    uint64_t size;
} sopool_text;

/* Any bytes; also one CBOR item as it is, for `sopool_reader_of`. */
typedef struct sopool_blob {
    const uint8_t *ptr;
    uint64_t size;
} sopool_blob;

/* Kinds of item. The first seven are CBOR's major types. */
#define SOPOOL_CBOR_UINT UINT32_C(0)
#define SOPOOL_CBOR_NEGINT UINT32_C(1)
#define SOPOOL_CBOR_BYTES UINT32_C(2)
#define SOPOOL_CBOR_TEXT UINT32_C(3)
#define SOPOOL_CBOR_ARRAY UINT32_C(4)
#define SOPOOL_CBOR_MAP UINT32_C(5)
#define SOPOOL_CBOR_TAG UINT32_C(6)
#define SOPOOL_CBOR_BOOL UINT32_C(7)
#define SOPOOL_CBOR_NULL UINT32_C(8)
#define SOPOOL_CBOR_FLOAT UINT32_C(9)
#define SOPOOL_CBOR_NONE UINT32_C(10) /* of sopool_peek: no item */

typedef struct sopool_reader {
    const uint8_t *at;
    const uint8_t *end;
    const char *error; /* the first error, or NULL; every read fails then */
} sopool_reader;

/* One item, or the head of one. */
typedef struct sopool_cbor {
    uint32_t kind;
    uint64_t value;      /* uint; -1 - value of a negint; count of an array;
                            pairs of a map; bool; number of a tag */
    double number;       /* float */
    const uint8_t *data; /* text, bytes */
    uint64_t size;       /* of data */
} sopool_cbor;

typedef struct sopool_writer {
    uint8_t *data;
    size_t size; /* written */
    size_t room;
    int failed; /* not 0: something did not fit, and all that came later */
    /* Returns memory of at least `need` bytes with the old content kept, or
     * NULL. A NULL function: the memory is all there is. */
    void *(*grow)(void *ctx, void *data, size_t need);
    void *ctx;
} sopool_writer;

/* ---- heads and numbers -------------------------------------------------- */

/* The size of the head of an item with that number: 1, 2, 3, 5 or 9. */
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

/* Numbers of 2 and 4 bytes, most significant first; a compiler makes one access
 * of each. */
static inline void sopool_big_endian_put2(uint8_t *to, uint64_t value)
{
    to[0] = (uint8_t)(value >> 8 & 0xff);
    to[1] = (uint8_t)(value & 0xff);
}

static inline void sopool_big_endian_put4(uint8_t *to, uint64_t value)
{
    to[0] = (uint8_t)(value >> 24 & 0xff);
    to[1] = (uint8_t)(value >> 16 & 0xff);
    to[2] = (uint8_t)(value >> 8 & 0xff);
    to[3] = (uint8_t)(value & 0xff);
}

static inline uint64_t sopool_big_endian_get4(const uint8_t *from)
{
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 |
           (uint32_t)from[2] << 8 | (uint32_t)from[3];
}

/* `width` bytes of `value`, 1, 2, 4 or 8, most significant first. */
static inline void sopool_big_endian_put(uint8_t *to, size_t width,
                                         uint64_t value)
{
    switch (width) {
    case 1:
        to[0] = (uint8_t)(value & 0xff);
        break;
    case 2:
        sopool_big_endian_put2(to, value);
        break;
    case 4:
        sopool_big_endian_put4(to, value);
        break;
    default:
        sopool_big_endian_put4(to, value >> 32);
        sopool_big_endian_put4(to + 4, value);
    }
}

static inline uint64_t sopool_big_endian_get(const uint8_t *from, size_t width)
{
    switch (width) {
    case 1:
        return from[0];
    case 2:
        return (uint64_t)(from[0] << 8 | from[1]);
    case 4:
        return sopool_big_endian_get4(from);
    default:
        return sopool_big_endian_get4(from) << 32 |
               sopool_big_endian_get4(from + 4);
    }
}

/* Writes a head (up to 9 bytes) of a major type, 0 to 7; returns its size. */
static inline size_t sopool_head_put(uint8_t *to, unsigned major,
                                     uint64_t value)
{
    size_t size = sopool_head_size(value);
    unsigned info = (unsigned)value;

    if (size > 1) {
        info = size == 2 ? 24 : size == 3 ? 25 : size == 5 ? 26 : 27;
        sopool_big_endian_put(to + 1, size - 1, value);
    }
    to[0] = (uint8_t)(major << 5 | info);
    return size;
}

/* The head at `at` if it is whole and in its shortest form: its size. 0: there
 * is no such head, and sopool_read says why. */
static inline size_t sopool_head_get(const uint8_t *at, const uint8_t *end,
                                     unsigned *major, uint64_t *value)
{
    unsigned info;
    size_t width;

    if (at == end)
        return 0;
    *major = *at >> 5;
    *value = info = *at & 0x1f;
    if (info < 24)
        return 1;
    if (info > 27)
        return 0;
    width = (size_t)1 << (info - 24);
    if ((size_t)(end - at) <= width)
        return 0;
    *value = sopool_big_endian_get(at + 1, width);
    /* It would have fitted half as many bytes, or the head's own. */
    if (width == 1 ? *value < 24 : *value >> 4 * width == 0)
        return 0;
    return 1 + width;
}

/* The same of text or bytes with their content: the size of both, or 0. Whether
 * text is UTF-8 is not looked at. */
static inline size_t sopool_data_get(const uint8_t *at, const uint8_t *end,
                                     unsigned kind, sopool_blob *out)
{
    unsigned major = 0;
    uint64_t size = 0;
    size_t head = sopool_head_get(at, end, &major, &size);

    if (head == 0 || major != kind || size > (uint64_t)(end - at) - head)
        return 0;
    out->ptr = at + head;
    out->size = size;
    return head + (size_t)size;
}

/* The size of one element of a typed array with that tag; 0: no such tag. */
static inline uint64_t sopool_typed_size(uint64_t tag)
{
    if (tag < 64 || tag > 87 || tag == 76)
        return 0;
    return (tag >= 80 ? UINT64_C(2) : UINT64_C(1)) << (tag & 3);
}

/* A binary float format by the exponent of its smallest normal number (whose
 * negative is the largest exponent, less one) and the bits of its fraction. */
#define SOPOOL_CBOR_F16 -14, 10
#define SOPOOL_CBOR_F32 -126, 23

/* The exponent of a double's bits, and its significand with the leading 1. */
static inline int sopool_float_exponent(uint64_t bits)
{
    return (int)(bits >> 52 & 0x7ff) - 1023;
}

static inline uint64_t sopool_float_significand(uint64_t bits)
{
    return (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
}

/* How many bits of the significand the smaller format leaves out. */
static inline int sopool_float_drop(uint64_t bits, int min, int fraction)
{
    int exponent = sopool_float_exponent(bits);

    return 52 - fraction + (exponent < min ? min - exponent : 0);
}

/* Does a double (by its bits; not a NaN) keep its value in the format? Bits
 * are compared, so that no compiler flag for fast arithmetic matters. */
static inline bool sopool_float_fits(uint64_t bits, int min, int fraction)
{
    int exponent = sopool_float_exponent(bits);
    uint64_t dropped;

    if (bits << 1 == 0 || bits << 1 == UINT64_C(0xffe) << 52)
        return true; /* zero, infinity */
    if (exponent < min - fraction || exponent > 1 - min)
        return false;
    dropped = (UINT64_C(1) << sopool_float_drop(bits, min, fraction)) - 1;
    return (sopool_float_significand(bits) & dropped) == 0;
}

/* The bits of a double that fits, in the format. */
static inline uint64_t sopool_float_pack(uint64_t bits, int min, int fraction)
{
    int exponent = sopool_float_exponent(bits);
    uint64_t biased = (uint64_t)(1 - 2 * min + 2), packed;
    uint64_t sign = (bits >> 63) * (biased + 1) << fraction;

    if (bits << 1 == 0)
        return sign;
    if (exponent == 1024)
        return sign | biased << fraction;
    packed = sopool_float_significand(bits) >>
             sopool_float_drop(bits, min, fraction);
    if (exponent >= min) /* the leading 1 adds the last one to the exponent */
        packed += (uint64_t)(exponent - min) << fraction;
    return sign | packed;
}

static inline uint64_t sopool_float_bits(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/* The shortest form of a double: its bytes (2, 4, 8) and what stands there. */
static inline size_t sopool_float_shortest(double value, uint64_t *out)
{
    uint64_t bits = sopool_float_bits(value);

    if (bits << 1 > UINT64_C(0xffe) << 52) {
        *out = 0x7e00; /* every NaN */
        return 2;
    }
    if (sopool_float_fits(bits, SOPOOL_CBOR_F16)) {
        *out = sopool_float_pack(bits, SOPOOL_CBOR_F16);
        return 2;
    }
    if (sopool_float_fits(bits, SOPOOL_CBOR_F32)) {
        *out = sopool_float_pack(bits, SOPOOL_CBOR_F32);
        return 4;
    }
    *out = bits;
    return 8;
}

static inline double sopool_float_of_half(uint64_t half)
{
    uint64_t exponent = half >> 10 & 0x1f, fraction = half & 0x3ff, bits;
    double value = (double)fraction / 16777216.0; /* 2^24: subnormal */

    if (exponent != 0) {
        exponent = exponent == 0x1f ? 0x7ff : exponent + 1023 - 15;
        bits = exponent << 52 | fraction << 42;
        memcpy(&value, &bits, sizeof(value));
    }
    return half >> 15 ? -value : value;
}

/* The double that `width` bytes (2, 4, 8) stand for. */
static inline double sopool_float_of(uint64_t raw, size_t width)
{
    uint32_t bits = (uint32_t)raw;
    float single;
    double value;

    if (width == 2)
        return sopool_float_of_half(raw);
    if (width == 4) {
        memcpy(&single, &bits, sizeof(single));
        return (double)single;
    }
    memcpy(&value, &raw, sizeof(value));
    return value;
}

/* ---- UTF-8 -------------------------------------------------------------- */

/* The size of the UTF-8 character at `at`, of which `left` bytes remain; 0:
 * there is none (cut off, too long a form, a surrogate, above U+10FFFF). */
static inline size_t sopool_utf8_char(const uint8_t *at, uint64_t left)
{
    uint8_t lead = at[0], low = 0x80, high = 0xbf;
    size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4, i;

    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead > 0xf4 || left < size)
        return 0;
    if (lead == 0xe0)
        low = 0xa0;
    else if (lead == 0xed)
        high = 0x9f;
    else if (lead == 0xf0)
        low = 0x90;
    else if (lead == 0xf4)
        high = 0x8f;
    if (at[1] < low || at[1] > high)
        return 0;
    for (i = 2; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

/* The first eight bytes, in whatever order. */
static inline uint64_t sopool_eight(const uint8_t *at)
{
    uint64_t eight;

    memcpy(&eight, at, sizeof(eight));
    return eight;
}

/* How many bytes from the start, in steps of 32, are ASCII. */
static inline uint64_t sopool_ascii_span(const uint8_t *at, uint64_t size)
{
    const uint8_t *from = at, *last = at + size / 32 * 32;

    while (at != last && ((sopool_eight(at) | sopool_eight(at + 8) |
                           sopool_eight(at + 16) | sopool_eight(at + 24)) &
                          UINT64_C(0x8080808080808080)) == 0)
        at += 32;
    return (uint64_t)(at - from);
}

/* How many bytes from the start are whole UTF-8 characters: `size` if the text
 * is valid. */
static inline uint64_t sopool_utf8_span(const void *text, uint64_t size)
{
    const uint8_t *at = (const uint8_t *)text;
    uint64_t done = size < 32 ? 0 : sopool_ascii_span(at, size), step;

    while (done < size) {
        if (size - done >= 8 &&
            (sopool_eight(at + done) & UINT64_C(0x8080808080808080)) == 0) {
            done += 8;
            continue;
        }
        step = sopool_utf8_char(at + done, size - done);
        if (step == 0)
            break;
        done += step;
    }
    return done;
}

/* ---- reading ------------------------------------------------------------ */

static inline sopool_reader sopool_reader_of(const void *data, size_t size)
{
    sopool_reader r = {NULL, NULL, NULL};

    if (size > 0) {
        r.at = (const uint8_t *)data;
        r.end = r.at + size;
    }
    return r;
}

/* Sets the first error; returns -1. `why` is a text that stays. */
static inline int sopool_read_fail(sopool_reader *r, const char *why)
{
    if (r->error == NULL)
        r->error = why;
    return -1;
}

static inline uint64_t sopool_read_left(const sopool_reader *r)
{
    return r->at == r->end ? 0 : (uint64_t)(r->end - r->at);
}

/* The first byte of an item and the number that follows it, of any width. */
static inline int sopool_read_number(sopool_reader *r, unsigned *major,
                                     size_t *width, uint64_t *value)
{
    unsigned info;

    if (r->error != NULL)
        return -1;
    if (r->at == r->end)
        return sopool_read_fail(r, "ends where an item should begin");
    info = *r->at & 0x1f;
    *major = *r->at >> 5;
    *width = 0;
    *value = info;
    if (info == 31)
        return sopool_read_fail(r, "has an item of indefinite length");
    if (info > 27)
        return sopool_read_fail(r, "has a head that CBOR does not know");
    if (info >= 24) {
        *width = (size_t)1 << (info - 24);
        if (sopool_read_left(r) <= *width)
            return sopool_read_fail(r, "ends within a head");
        *value = sopool_big_endian_get(r->at + 1, *width);
    }
    r->at += 1 + *width;
    return 0;
}

/* Major type 7: false, true, null and the floats. */
static inline int sopool_read_simple(sopool_reader *r, size_t width,
                                     uint64_t value, sopool_cbor *out)
{
    uint64_t shortest;

    if (width >= 2) {
        out->kind = SOPOOL_CBOR_FLOAT;
        out->number = sopool_float_of(value, width);
        if (sopool_float_shortest(out->number, &shortest) != width ||
            shortest != value)
            return sopool_read_fail(r, "has a float not in its shortest form");
        return 0;
    }
    if (width == 1 || value < 20 || value > 22)
        return sopool_read_fail(
            r, "has a simple value other than false, true and null");
    out->kind = value == 22 ? SOPOOL_CBOR_NULL : SOPOOL_CBOR_BOOL;
    out->value = value == 21;
    return 0;
}

/* The content of text and bytes. */
static inline int sopool_read_content(sopool_reader *r, sopool_cbor *out)
{
    if (out->value > sopool_read_left(r))
        return sopool_read_fail(r, "ends within text or bytes");
    out->data = r->at;
    out->size = out->value;
    if (out->kind == SOPOOL_CBOR_TEXT &&
        sopool_utf8_span(out->data, out->size) != out->size)
        return sopool_read_fail(r, "has text that is not UTF-8");
    if (out->size > 0)
        r->at += out->size;
    return 0;
}

static inline int sopool_read_any(sopool_reader *r, sopool_cbor *out);

/* What a tag stands before is looked at, not read. */
static inline int sopool_read_tagged(sopool_reader *r, uint64_t tag)
{
    uint64_t element = sopool_typed_size(tag), size = 0;
    sopool_reader ahead = *r;
    unsigned major = 0;
    size_t width = 0;

    if (element == 0)
        return sopool_read_fail(r, "has a tag other than of a typed array");
    if (sopool_read_number(&ahead, &major, &width, &size) != 0)
        return sopool_read_fail(r, ahead.error);
    if (major != SOPOOL_CBOR_BYTES || size % element != 0)
        return sopool_read_fail(
            r, "has a typed array that is not whole elements in bytes");
    return 0;
}

static inline int sopool_read_any(sopool_reader *r, sopool_cbor *out)
{
    unsigned major = 0;
    size_t width = 0;
    uint64_t value = 0;

    if (sopool_read_number(r, &major, &width, &value) != 0)
        return -1;
    if (major == 7)
        return sopool_read_simple(r, width, value, out);
    if (sopool_head_size(value) != 1 + width)
        return sopool_read_fail(r, "has a head not in its shortest form");
    out->kind = major;
    out->value = value;
    switch (major) {
    case SOPOOL_CBOR_BYTES:
    case SOPOOL_CBOR_TEXT:
        return sopool_read_content(r, out);
    case SOPOOL_CBOR_ARRAY:
        if (value > sopool_read_left(r))
            return sopool_read_fail(r, "ends within a list");
        return 0;
    case SOPOOL_CBOR_MAP:
        if (value > sopool_read_left(r) / 2)
            return sopool_read_fail(r, "ends within a map");
        return 0;
    case SOPOOL_CBOR_TAG:
        return sopool_read_tagged(r, value);
    default:
        return 0;
    }
}

/* The next item: a number, bool, null, text or bytes whole; of a list, a map
 * or a tag the head alone, so that its parts are the next items read (a tag's
 * one: its bytes). The order of a map's keys and the depth are not looked at
 * here, but by sopool_read_skip and sopool_cbor_check. A read that fails leaves
 * the reader where it was. */
static inline int sopool_read(sopool_reader *r, sopool_cbor *out)
{
    sopool_reader probe = *r;

    memset(out, 0, sizeof(*out));
    if (sopool_read_any(&probe, out) != 0)
        return sopool_read_fail(r, probe.error);
    *r = probe;
    return 0;
}

/* The kind of the next item, by its first byte; nothing is read or checked. */
static inline uint32_t sopool_peek(const sopool_reader *r)
{
    uint8_t first;

    if (r->error != NULL || r->at == r->end)
        return SOPOOL_CBOR_NONE;
    first = *r->at;
    if (first < 0xe0)
        return (uint32_t)first >> 5;
    if (first == 0xf4 || first == 0xf5)
        return SOPOOL_CBOR_BOOL;
    if (first == 0xf6)
        return SOPOOL_CBOR_NULL;
    return first >= 0xf9 && first <= 0xfb ? SOPOOL_CBOR_FLOAT
                                          : SOPOOL_CBOR_NONE;
}

/* The next item if it is of that kind; `why` says that it is not. */
static inline int sopool_read_kind(sopool_reader *r, uint32_t kind,
                                   sopool_cbor *out, const char *why)
{
    if (r->error == NULL && r->at != r->end && sopool_peek(r) != kind)
        return sopool_read_fail(r, why);
    return sopool_read(r, out);
}

static inline int sopool_read_null(sopool_reader *r)
{
    sopool_cbor item;

    return sopool_read_kind(r, SOPOOL_CBOR_NULL, &item, "is not null");
}

static inline int sopool_read_bool(sopool_reader *r, bool *out)
{
    sopool_cbor item;

    if (sopool_read_kind(r, SOPOOL_CBOR_BOOL, &item, "is not a bool") != 0)
        return -1;
    *out = item.value != 0;
    return 0;
}

static inline int sopool_read_i64(sopool_reader *r, int64_t *out)
{
    sopool_reader probe = *r;
    sopool_cbor item;
    unsigned major = 0;
    uint64_t value = 0;
    size_t size = sopool_head_get(r->at, r->end, &major, &value);

    /* The usual case first. */
    if (r->error == NULL && size > 0 && major <= SOPOOL_CBOR_NEGINT &&
        value <= INT64_MAX) {
        r->at += size;
        *out = major == SOPOOL_CBOR_UINT ? (int64_t)value : -1 - (int64_t)value;
        return 0;
    }
    if (sopool_peek(r) != SOPOOL_CBOR_NEGINT &&
        sopool_read_kind(&probe, SOPOOL_CBOR_UINT, &item,
                         "is not an integer") != 0)
        return sopool_read_fail(r, probe.error);
    if (sopool_peek(r) == SOPOOL_CBOR_NEGINT && sopool_read(&probe, &item) != 0)
        return sopool_read_fail(r, probe.error);
    if (item.value > INT64_MAX)
        return sopool_read_fail(r, "is outside the range of i64");
    *out = item.kind == SOPOOL_CBOR_UINT ? (int64_t)item.value
                                         : -1 - (int64_t)item.value;
    *r = probe;
    return 0;
}

static inline int sopool_read_u64(sopool_reader *r, uint64_t *out)
{
    sopool_cbor item;

    if (sopool_peek(r) == SOPOOL_CBOR_NEGINT)
        return sopool_read_fail(r, "is outside the range of u64");
    if (sopool_read_kind(r, SOPOOL_CBOR_UINT, &item, "is not an integer") != 0)
        return -1;
    *out = item.value;
    return 0;
}

/* A float, or an integer as one. */
static inline int sopool_read_f64(sopool_reader *r, double *out)
{
    uint32_t kind = sopool_peek(r);
    sopool_cbor item;

    if (kind != SOPOOL_CBOR_UINT && kind != SOPOOL_CBOR_NEGINT)
        kind = SOPOOL_CBOR_FLOAT;
    if (sopool_read_kind(r, kind, &item, "is not a number") != 0)
        return -1;
    if (kind == SOPOOL_CBOR_UINT)
        *out = (double)item.value;
    else if (kind == SOPOOL_CBOR_NEGINT)
        *out = -1.0 - (double)item.value;
    else
        *out = item.number;
    return 0;
}

static inline int sopool_read_text(sopool_reader *r, sopool_text *out)
{
    sopool_cbor item;
    sopool_blob data = {NULL, 0};
    size_t size = sopool_data_get(r->at, r->end, SOPOOL_CBOR_TEXT, &data);

    /* The usual case first. */
    if (r->error == NULL && size > 0 &&
        sopool_utf8_span(data.ptr, data.size) == data.size) {
        r->at += size;
        out->ptr = (const char *)data.ptr;
        out->size = data.size;
        return 0;
    }
    if (sopool_read_kind(r, SOPOOL_CBOR_TEXT, &item, "is not text") != 0)
        return -1;
    out->ptr = (const char *)item.data;
    out->size = item.size;
    return 0;
}

static inline int sopool_read_bytes(sopool_reader *r, sopool_blob *out)
{
    sopool_cbor item;
    sopool_blob data = {NULL, 0};
    size_t size = sopool_data_get(r->at, r->end, SOPOOL_CBOR_BYTES, &data);

    /* The usual case first. */
    if (r->error == NULL && size > 0) {
        r->at += size;
        *out = data;
        return 0;
    }
    if (sopool_read_kind(r, SOPOOL_CBOR_BYTES, &item, "is not bytes") != 0)
        return -1;
    out->ptr = item.data;
    out->size = item.size;
    return 0;
}

/* The head of a list: so many items follow. */
static inline int sopool_read_array(sopool_reader *r, uint64_t *count)
{
    sopool_cbor item;
    unsigned major = 0;
    size_t size = sopool_head_get(r->at, r->end, &major, count);

    if (r->error == NULL && size > 0 && major == SOPOOL_CBOR_ARRAY &&
        *count <= (uint64_t)(r->end - r->at) - size) {
        r->at += size;
        return 0;
    }
    if (sopool_read_kind(r, SOPOOL_CBOR_ARRAY, &item, "is not a list") != 0)
        return -1;
    *count = item.value;
    return 0;
}

/* The head of a map: so many pairs of a key (text) and a value follow. */
static inline int sopool_read_map(sopool_reader *r, uint64_t *pairs)
{
    sopool_cbor item;

    if (sopool_read_kind(r, SOPOOL_CBOR_MAP, &item, "is not a map") != 0)
        return -1;
    *pairs = item.value;
    return 0;
}

/* A typed array whole: its tag, and its elements as they lie in memory. */
static inline int sopool_read_typed(sopool_reader *r, uint64_t *tag,
                                    sopool_blob *out)
{
    sopool_reader probe = *r;
    sopool_cbor item;

    if (sopool_read_kind(&probe, SOPOOL_CBOR_TAG, &item,
                         "is not a typed array") != 0 ||
        sopool_read_bytes(&probe, out) != 0)
        return sopool_read_fail(r, probe.error);
    *tag = item.value;
    *r = probe;
    return 0;
}

/* Is the text that C string? */
static inline bool sopool_text_is(sopool_text text, const char *string)
{
    size_t size = strlen(string);

    return text.size == size &&
           (size == 0 || memcmp(text.ptr, string, size) == 0);
}

/* ---- whole items -------------------------------------------------------- */

/* A list or map that is being walked through. */
typedef struct sopool_cbor_level {
    uint64_t left; /* items still to come; of a map, keys and values */
    const uint8_t *key;
    uint64_t key_size;
    bool map;
    bool keyed; /* a key has come */
} sopool_cbor_level;

/* The item is the next of a level: if a key, it must follow the last. */
static inline int sopool_level_take(sopool_reader *r, sopool_cbor_level *level,
                                    const sopool_cbor *item)
{
    int order = 1;

    if (!level->map || level->left-- % 2 != 0) {
        level->left -= level->map ? 0 : 1;
        return 0;
    }
    if (item->kind != SOPOOL_CBOR_TEXT)
        return sopool_read_fail(r, "has a map key that is not text");
    if (level->keyed && item->size == level->key_size)
        order = item->size == 0
                    ? 0
                    : memcmp(item->data, level->key, (size_t)item->size);
    else if (level->keyed && item->size < level->key_size)
        order = -1;
    if (order == 0)
        return sopool_read_fail(r, "has a map with a key twice");
    if (order < 0)
        return sopool_read_fail(r, "has a map whose keys are not sorted");
    level->key = item->data;
    level->key_size = item->size;
    level->keyed = true;
    return 0;
}

/* Goes into a list or map; `depth` is how many it stands in. */
static inline int sopool_level_enter(sopool_reader *r, sopool_cbor_level *level,
                                     size_t depth, const sopool_cbor *item)
{
    if (depth == SOPOOL_CBOR_DEPTH)
        return sopool_read_fail(r, "is nested too deeply (32 at most)");
    memset(level, 0, sizeof(*level));
    level->map = item->kind == SOPOOL_CBOR_MAP;
    level->left = level->map ? 2 * item->value : item->value;
    return 0;
}

static inline int sopool_read_whole(sopool_reader *r)
{
    sopool_cbor_level levels[SOPOOL_CBOR_DEPTH];
    size_t depth = 0;
    sopool_cbor item;

    do {
        if (sopool_read(r, &item) != 0)
            return -1;
        if (depth > 0 && sopool_level_take(r, &levels[depth - 1], &item) != 0)
            return -1;
        if (item.kind == SOPOOL_CBOR_TAG && sopool_read(r, &item) != 0)
            return -1;
        if (item.kind == SOPOOL_CBOR_ARRAY || item.kind == SOPOOL_CBOR_MAP) {
            if (sopool_level_enter(r, &levels[depth % SOPOOL_CBOR_DEPTH], depth,
                                   &item) != 0)
                return -1;
            depth++;
        }
        while (depth > 0 && levels[depth - 1].left == 0)
            depth--;
    } while (depth > 0);
    return 0;
}

/* One whole item with all that is in it, checked against the profile. */
static inline int sopool_read_skip(sopool_reader *r)
{
    sopool_reader probe = *r;

    if (sopool_read_whole(&probe) != 0)
        return sopool_read_fail(r, probe.error);
    *r = probe;
    return 0;
}

/* The same, and where it lies. */
static inline int sopool_read_raw(sopool_reader *r, sopool_blob *out)
{
    const uint8_t *start = r->at;

    if (sopool_read_skip(r) != 0)
        return -1;
    out->ptr = start;
    out->size = (uint64_t)(r->at - start);
    return 0;
}

/* NULL: the bytes are exactly one item within the profile. Otherwise what is
 * wrong, as the rest of a sentence ("ends within a list"); static. */
static inline const char *sopool_cbor_check(const void *data, size_t size)
{
    sopool_reader r = sopool_reader_of(data, size);

    if (sopool_read_skip(&r) == 0 && r.at != r.end)
        (void)sopool_read_fail(&r, "goes on after its end");
    return r.error;
}

/* ---- writing ------------------------------------------------------------ */

/* The writer writes what it is told: that text is UTF-8, that the keys of a map
 * are sorted, and that as many items follow a head as it says, is up to the
 * caller. What does not fit is not written in part. */

static inline sopool_writer sopool_writer_of(void *data, size_t room)
{
    sopool_writer w = {NULL, 0, 0, 0, NULL, NULL};

    w.data = (uint8_t *)data;
    w.room = room;
    return w;
}

static inline int sopool_put_fail(sopool_writer *w)
{
    w->failed = 1;
    return -1;
}

/* Makes room for `more` bytes: twice the room there was, and more if needed. */
static inline int sopool_put_grow(sopool_writer *w, size_t more)
{
    size_t need = w->size + more;
    void *data;

    if (w->grow == NULL || need < more)
        return sopool_put_fail(w);
    if (need < 256)
        need = 256;
    if (w->room <= SIZE_MAX / 2 && need < w->room * 2)
        need = w->room * 2;
    data = w->grow(w->ctx, w->data, need);
    if (data == NULL)
        return sopool_put_fail(w);
    w->data = (uint8_t *)data;
    w->room = need;
    return 0;
}

/* Where the next `more` bytes go; NULL: nowhere. The caller writes them and
 * adds them to `size`. */
static inline uint8_t *sopool_put_room(sopool_writer *w, uint64_t more)
{
    if (w->failed || more > SIZE_MAX) {
        (void)sopool_put_fail(w);
        return NULL;
    }
    if (more > w->room - w->size && sopool_put_grow(w, (size_t)more) != 0)
        return NULL;
    return w->data + w->size;
}

/* A head, and `size` bytes behind it. */
static inline int sopool_put_item(sopool_writer *w, unsigned major,
                                  uint64_t value, const void *ptr,
                                  uint64_t size)
{
    uint8_t *to;

    if (size > UINT64_MAX - 9)
        return sopool_put_fail(w);
    to = sopool_put_room(w, sopool_head_size(value) + size);
    if (to == NULL)
        return -1;
    to += sopool_head_put(to, major, value);
    if (size > 0)
        memcpy(to, ptr, (size_t)size);
    w->size = (size_t)(to - w->data) + (size_t)size;
    return 0;
}

static inline int sopool_put_null(sopool_writer *w)
{
    return sopool_put_item(w, 7, 22, NULL, 0);
}

static inline int sopool_put_bool(sopool_writer *w, bool value)
{
    return sopool_put_item(w, 7, value ? 21 : 20, NULL, 0);
}

static inline int sopool_put_u64(sopool_writer *w, uint64_t value)
{
    return sopool_put_item(w, SOPOOL_CBOR_UINT, value, NULL, 0);
}

static inline int sopool_put_i64(sopool_writer *w, int64_t value)
{
    if (value >= 0)
        return sopool_put_u64(w, (uint64_t)value);
    return sopool_put_item(w, SOPOOL_CBOR_NEGINT, ~(uint64_t)value, NULL, 0);
}

static inline int sopool_put_f64(sopool_writer *w, double value)
{
    uint64_t bits = 0;
    size_t width = sopool_float_shortest(value, &bits);
    uint8_t *to = sopool_put_room(w, 1 + width);

    if (to == NULL)
        return -1;
    to[0] = width == 2 ? 0xf9 : width == 4 ? 0xfa : 0xfb;
    sopool_big_endian_put(to + 1, width, bits);
    w->size += 1 + width;
    return 0;
}

static inline int sopool_put_text(sopool_writer *w, const char *ptr,
                                  uint64_t size)
{
    return sopool_put_item(w, SOPOOL_CBOR_TEXT, size, ptr, size);
}

static inline int sopool_put_bytes(sopool_writer *w, const void *ptr,
                                   uint64_t size)
{
    return sopool_put_item(w, SOPOOL_CBOR_BYTES, size, ptr, size);
}

/* The head of a list of `count` items, which follow. */
static inline int sopool_put_array(sopool_writer *w, uint64_t count)
{
    return sopool_put_item(w, SOPOOL_CBOR_ARRAY, count, NULL, 0);
}

/* The head of a map of `pairs` keys (text, sorted) and values, which follow. */
static inline int sopool_put_map(sopool_writer *w, uint64_t pairs)
{
    return sopool_put_item(w, SOPOOL_CBOR_MAP, pairs, NULL, 0);
}

/* A tag of a typed array, whose elements follow as bytes; other tags fail. */
static inline int sopool_put_tag(sopool_writer *w, uint64_t tag)
{
    if (sopool_typed_size(tag) == 0)
        return sopool_put_fail(w);
    return sopool_put_item(w, SOPOOL_CBOR_TAG, tag, NULL, 0);
}

/* A typed array whole, of `size` bytes; fails if they are no whole elements. */
static inline int sopool_put_typed(sopool_writer *w, uint64_t tag,
                                   const void *ptr, uint64_t size)
{
    size_t start = w->size;

    if (sopool_typed_size(tag) == 0 || size % sopool_typed_size(tag) != 0)
        return sopool_put_fail(w);
    if (sopool_put_tag(w, tag) == 0 && sopool_put_bytes(w, ptr, size) == 0)
        return 0;
    w->size = start;
    return -1;
}

/* Items that are CBOR already. */
static inline int sopool_put_raw(sopool_writer *w, const void *ptr,
                                 uint64_t size)
{
    uint8_t *to = size > 0 ? sopool_put_room(w, size) : NULL;

    if (to == NULL)
        return size > 0 || w->failed ? -1 : 0;
    memcpy(to, ptr, (size_t)size);
    w->size += (size_t)size;
    return 0;
}

#ifdef __cplusplus
}
#endif

#endif
