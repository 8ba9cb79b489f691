/* render.c - see render.h. */
#include "render.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <sopool/cbor.h>

#include "base64.h"

/* ---- scalars ----------------------------------------------------------- */

static void put_unsigned(struct output *out, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    output_bytes(out, digits + at, sizeof(digits) - at);
}

/* -1 - value, which may be below what an int64_t holds. */
static void put_negative(struct output *out, uint64_t value)
{
    if (value == UINT64_MAX) {
        output_text(out, "-18446744073709551616");
        return;
    }
    output_byte(out, '-');
    put_unsigned(out, value + 1);
}

/* The fewest digits that read back as the same number. All numbers of 15 digits
 * do, but for the very small, which have fewer bits. */
static void shortest(double value, char text[32])
{
    for (int digits = fabs(value) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        (void)snprintf(text, 32, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            return;
    }
}

static void put_float(struct output *out, double value, bool json)
{
    char text[32];

    if (!isfinite(value)) {
        if (json)
            output_text(out, "null");
        else
            output_text(out, isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
        return;
    }
    shortest(value, text);
    output_text(out, text);
    /* A reader of JSON is told that it is no integer. */
    if (json && strpbrk(text, ".e") == NULL)
        output_text(out, ".0");
}

/* ---- strings ----------------------------------------------------------- */

static void put_escape(struct output *out, uint8_t byte)
{
    static const char plain[] = "\b\t\n\f\r\"\\", named[] = "btnfr\"\\";
    const char *at = byte != 0 ? strchr(plain, byte) : NULL;

    if (at != NULL)
        output_format(out, "\\%c", named[at - plain]);
    else
        output_format(out, "\\u%04x", byte);
}

static bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

void render_string(struct output *out, const void *text, size_t size)
{
    const uint8_t *at = text;
    size_t done = 0;

    output_byte(out, '"');
    while (done < size) {
        size_t plain = done, step;

        while (plain < size && is_plain(at[plain]))
            plain++;
        output_bytes(out, at + done, plain - done);
        done = plain;
        if (done == size)
            break;
        step = at[done] < 0x80 ? 0 : sopool_utf8_char(at + done, size - done);
        if (step > 0)
            output_bytes(out, at + done, step);
        else if (at[done] < 0x80)
            put_escape(out, at[done]);
        else
            output_text(out, "\xef\xbf\xbd");
        done += step > 0 ? step : 1;
    }
    output_byte(out, '"');
}

void render_member(struct output *out, const char *key, const char *text)
{
    output_format(out, "\"%s\":", key);
    if (text != NULL)
        render_string(out, text, strlen(text));
    else
        output_text(out, "null");
    output_byte(out, ',');
}

void render_base64(struct output *out, const void *data, size_t size)
{
    enum { PIECE = 3 * 256 };
    const uint8_t *from = data;
    char text[PIECE / 3 * 4];

    for (size_t done = 0; done < size; done += PIECE) {
        size_t piece = size - done < PIECE ? size - done : PIECE;

        output_bytes(out, text, base64_encode(from + done, piece, text));
    }
}

static void put_base64(struct output *out, const uint8_t *data, size_t size)
{
    output_text(out, "{\"base64\":\"");
    render_base64(out, data, size);
    output_text(out, "\"}");
}

/* ---- typed arrays (RFC 8746) ------------------------------------------- */

/* The number of an element as it stands, most significant byte first. */
static uint64_t element_bits(const uint8_t *at, size_t width, bool little)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < width; i++)
        bits = bits << 8 | at[little ? width - 1 - i : i];
    return bits;
}

/* A float of 128 bits, as the nearest below of 64. */
static double float_of_quad(const uint8_t *at, bool little)
{
    uint64_t high = element_bits(little ? at + 8 : at, 8, little);
    uint64_t low = element_bits(little ? at : at + 8, 8, little);
    int exponent = (int)(high >> 48 & 0x7fff);
    uint64_t fraction = (high & 0xffffffffffff) << 4 | low >> 60;
    double value;

    if (exponent == 0x7fff)
        value = fraction != 0 || low != 0 ? NAN : HUGE_VAL;
    else if (exponent == 0)
        value = 0; /* too small for 64 bits */
    else
        value = ldexp((double)(fraction | UINT64_C(1) << 52),
                      exponent - 16383 - 52);
    return high >> 63 ? -value : value;
}

static void put_element(struct output *out, uint64_t tag, const uint8_t *at)
{
    size_t width = (size_t)sopool_typed_size(tag);
    bool little = (tag & 4) != 0, is_signed = (tag & 8) != 0;
    uint64_t bits;

    if (tag >= 80 && width == 16) {
        put_float(out, float_of_quad(at, little), true);
        return;
    }
    bits = element_bits(at, width, little && width > 1);
    if (tag >= 80)
        put_float(out, sopool_float_of(bits, width), true);
    else if (is_signed && bits >> (8 * width - 1) != 0)
        put_negative(out, ~bits & (UINT64_MAX >> (64 - 8 * width)));
    else
        put_unsigned(out, bits);
}

static void put_typed(struct output *out, uint64_t tag, const uint8_t *data,
                      size_t size)
{
    size_t width = (size_t)sopool_typed_size(tag);

    output_byte(out, '[');
    for (size_t at = 0; at + width <= size; at += width) {
        if (at > 0)
            output_byte(out, ',');
        put_element(out, tag, data + at);
    }
    output_byte(out, ']');
}

/* ---- items ------------------------------------------------------------- */

static void put_scalar(struct output *out, const sopool_cbor *item, bool json)
{
    switch (item->kind) {
    case SOPOOL_CBOR_UINT:
        put_unsigned(out, item->value);
        break;
    case SOPOOL_CBOR_NEGINT:
        put_negative(out, item->value);
        break;
    case SOPOOL_CBOR_BOOL:
        output_text(out, item->value ? "true" : "false");
        break;
    case SOPOOL_CBOR_FLOAT:
        put_float(out, item->number, json);
        break;
    case SOPOOL_CBOR_BYTES:
        put_base64(out, item->data, (size_t)item->size);
        break;
    case SOPOOL_CBOR_TEXT:
        render_string(out, item->data, (size_t)item->size);
        break;
    default:
        output_text(out, "null");
        break;
    }
}

/* A list or map that is being written. */
struct level {
    uint64_t left; /* items to come; of a map, keys and values */
    bool map;
};

/* After an item: what stands between it and the next, or after the last. */
static size_t put_between(struct output *out, struct level *level, size_t depth)
{
    while (depth > 0 && level[depth - 1].left == 0)
        output_byte(out, level[--depth].map ? '}' : ']');
    if (depth == 0)
        return 0;
    output_byte(out, level[depth - 1].map && level[depth - 1].left % 2 != 0
                         ? ':'
                         : ',');
    level[depth - 1].left--;
    return depth;
}

/* Goes into a list or map; the depth after it. */
static size_t put_open(struct output *out, struct level *level, size_t depth,
                       const sopool_cbor *item)
{
    bool map = item->kind == SOPOOL_CBOR_MAP;

    output_byte(out, map ? '{' : '[');
    if (item->value == 0) {
        output_byte(out, map ? '}' : ']');
        return put_between(out, level, depth);
    }
    level[depth].map = map;
    level[depth].left = (map ? 2 * item->value : item->value) - 1;
    return depth + 1;
}

void render_json(struct output *out, const void *item, size_t size)
{
    sopool_reader r = sopool_reader_of(item, size);
    struct level level[SOPOOL_CBOR_DEPTH];
    size_t depth = 0;
    sopool_cbor head, bytes;

    do {
        if (sopool_read(&r, &head) != 0)
            return;
        if ((head.kind == SOPOOL_CBOR_ARRAY || head.kind == SOPOOL_CBOR_MAP) &&
            depth < SOPOOL_CBOR_DEPTH) {
            depth = put_open(out, level, depth, &head);
            continue;
        }
        if (head.kind != SOPOOL_CBOR_TAG)
            put_scalar(out, &head, true);
        else if (sopool_read(&r, &bytes) == 0)
            put_typed(out, head.value, bytes.data, (size_t)bytes.size);
        depth = put_between(out, level, depth);
    } while (depth > 0);
}

void render_text(struct output *out, const void *item, size_t size)
{
    sopool_reader r = sopool_reader_of(item, size);
    unsigned major = 0;
    size_t width = 0;
    uint64_t value = 0;
    sopool_cbor head;

    switch (sopool_peek(&r)) {
    case SOPOOL_CBOR_TEXT:
    case SOPOOL_CBOR_BYTES:
        /* It was checked when it came: what follows the head is all. */
        if (sopool_read_number(&r, &major, &width, &value) == 0 &&
            value <= sopool_read_left(&r))
            output_bytes(out, r.at, (size_t)value);
        break;
    case SOPOOL_CBOR_NULL:
        break;
    case SOPOOL_CBOR_ARRAY:
    case SOPOOL_CBOR_MAP:
    case SOPOOL_CBOR_TAG:
        render_json(out, item, size);
        break;
    default:
        if (sopool_read(&r, &head) == 0)
            put_scalar(out, &head, false);
        break;
    }
}
