/* text.c - scalars from the text that people type (sopool_arg_parse). */
#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <sopool/cbor.h>

#include "base/error.h"
#include "sopool.h"

/* A number's digits, in base 10 or, after 0x, in base 16. */
struct digits {
    bool negative;
    bool overflow;
    uint64_t value;
};

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 16;
}

static bool read_digits(const char *text, size_t size, struct digits *out)
{
    unsigned base = 10;
    size_t i = 0;

    memset(out, 0, sizeof(*out));
    if (size > 0 && (text[0] == '-' || text[0] == '+'))
        out->negative = text[i++] == '-';
    if (size - i > 2 && text[i] == '0' && (text[i + 1] | 32) == 'x') {
        base = 16;
        i += 2;
    }
    if (i == size)
        return false;
    for (; i < size; i++) {
        unsigned digit = (unsigned)digit_of(text[i]);

        if (digit >= base)
            return false;
        if (__builtin_mul_overflow(out->value, base, &out->value) ||
            __builtin_add_overflow(out->value, digit, &out->value))
            out->overflow = true;
    }
    return true;
}

/* The text as it may stand in a message: cut, and printable. */
static const char *shown(const char *text, size_t size, char out[48])
{
    size_t n = size < 40 ? size : 40;

    for (size_t i = 0; i < n; i++)
        out[i] = (unsigned char)text[i] < 32 || text[i] == 127 ? '?' : text[i];
    while (n > 0 && n < size && sopool_utf8_span(out, n) != n)
        n--;
    if (sopool_utf8_span(out, n) != n)
        for (size_t i = 0; i < n; i++)
            out[i] = (out[i] & 0x80) != 0 ? '?' : out[i];
    memcpy(out + n, n < size ? "..." : "", n < size ? 4 : 1);
    return out;
}

static int unfit(const char *text, size_t size, const char *what,
                 sopool_error *err)
{
    char show[48];

    return error_set(err, SOPOOL_E_ARGS, "'%s' is not %s",
                     shown(text, size, show), what);
}

static int parse_i64(const char *text, size_t size, sopool_arg *out,
                     sopool_error *err)
{
    struct digits d;
    uint64_t limit;

    if (!read_digits(text, size, &d))
        return unfit(text, size, "an i64; allowed: a whole number", err);
    limit = (uint64_t)INT64_MAX + (d.negative ? 1 : 0);
    if (d.overflow || d.value > limit)
        return unfit(text, size,
                     "an i64; allowed: -9223372036854775808 to "
                     "9223372036854775807",
                     err);
    *out =
        sopool_arg_i64(d.negative ? (int64_t)(0 - d.value) : (int64_t)d.value);
    return 0;
}

static int parse_u64(const char *text, size_t size, sopool_arg *out,
                     sopool_error *err)
{
    struct digits d;

    if (!read_digits(text, size, &d))
        return unfit(text, size,
                     "a u64; allowed: a whole number that is not negative",
                     err);
    if (d.overflow || (d.negative && d.value != 0))
        return unfit(text, size, "a u64; allowed: 0 to 18446744073709551615",
                     err);
    *out = sopool_arg_u64(d.value);
    return 0;
}

/* The program's locale may write numbers with a comma; this one does not. */
static locale_t c_locale;

static void make_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* What strtod would pass over. */
static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int parse_f64(const char *text, size_t size, sopool_arg *out,
                     sopool_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char copy[512];
    char *end;
    double value;

    (void)pthread_once(&once, make_locale);
    if (c_locale == (locale_t)0)
        return error_nomem(err);
    if (size == 0 || size >= sizeof(copy) || is_space(text[0]) ||
        memchr(text, '\0', size) != NULL)
        return unfit(text, size, "an f64; allowed: a number, inf, nan", err);
    memcpy(copy, text, size);
    copy[size] = '\0';
    errno = 0;
    value = strtod_l(copy, &end, c_locale);
    if (end != copy + size)
        return unfit(text, size, "an f64; allowed: a number, inf, nan", err);
    if (errno == ERANGE && (value > 1 || value < -1))
        return unfit(text, size, "an f64: it is too large", err);
    *out = sopool_arg_f64(value);
    return 0;
}

static int parse_bool(const char *text, size_t size, sopool_arg *out,
                      sopool_error *err)
{
    static const struct {
        const char *text;
        bool value;
    } words[] = {{"true", true}, {"false", false}, {"1", true}, {"0", false}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strlen(words[i].text) == size &&
            memcmp(words[i].text, text, size) == 0) {
            *out = sopool_arg_bool(words[i].value);
            return 0;
        }
    return unfit(text, size, "a bool; allowed: true, false, 1, 0", err);
}

static int parse_str(const char *text, size_t size, sopool_arg *out,
                     sopool_error *err)
{
    uint64_t good = sopool_utf8_span(text, size);

    if (good != size)
        return error_set(err, SOPOOL_E_ARGS,
                         "the text is not UTF-8 from its byte %llu on; only "
                         "tasks that take bytes take any bytes",
                         (unsigned long long)good + 1);
    *out = sopool_arg_text(text, size);
    return 0;
}

int sopool_arg_parse(int type, const char *text, size_t size, sopool_arg *out,
                     sopool_error *err)
{
    switch (type) {
    case SOPOOL_BOOL:
        return parse_bool(text, size, out, err);
    case SOPOOL_I64:
        return parse_i64(text, size, out, err);
    case SOPOOL_U64:
        return parse_u64(text, size, out, err);
    case SOPOOL_F64:
        return parse_f64(text, size, out, err);
    case SOPOOL_STR:
        return parse_str(text, size, out, err);
    case SOPOOL_BYTES:
        *out = sopool_arg_bytes(text, size);
        return 0;
    default:
        return error_set(err, SOPOOL_E_USAGE, "a %s has no text form",
                         sopool_type_name(type));
    }
}
