/* lint.c - see lint.h. */
#include "lint.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <sopool/cbor.h>

#include "message.h"

struct scan {
    const char *text;
    size_t size;
    size_t at;
    bool nul; /* in the string that was read last */
};

static int wrong(const struct scan *s, const char *what, sopool_error *err)
{
    return message_refuse(err, "is not JSON: %s at column %zu", what,
                          s->at + 1);
}

/* ---- strings ----------------------------------------------------------- */

/* The number of a \uXXXX at that place; -1 when there is none. */
static long unit_at(const struct scan *s, size_t at)
{
    char digits[5] = "";
    char *end;
    long unit;

    if (at > s->size || s->size - at < 6 || s->text[at] != '\\' ||
        s->text[at + 1] != 'u')
        return -1;
    memcpy(digits, s->text + at + 2, 4);
    unit = strtol(digits, &end, 16);
    return *end == '\0' ? unit : -1;
}

static int lint_escape(struct scan *s, sopool_error *err)
{
    long unit = unit_at(s, s->at);

    if (unit < 0) {
        s->at += 2;
        return 0;
    }
    if (unit == 0)
        s->nul = true;
    if (unit >= 0xdc00 && unit <= 0xdfff)
        return wrong(s, "half a surrogate pair", err);
    if (unit >= 0xd800 && unit <= 0xdbff) {
        long low = s->size - s->at > 6 ? unit_at(s, s->at + 6) : -1;

        if (low < 0xdc00 || low > 0xdfff)
            return wrong(s, "half a surrogate pair", err);
        s->at += 6;
    }
    s->at += 6;
    return 0;
}

static int lint_string(struct scan *s, sopool_error *err)
{
    s->nul = false;
    s->at++;
    while (s->at < s->size && s->text[s->at] != '"') {
        if ((unsigned char)s->text[s->at] < 0x20)
            return wrong(s, "a control character within a string", err);
        if (s->text[s->at] != '\\')
            s->at++;
        else if (lint_escape(s, err) != 0)
            return -1;
    }
    s->at++;
    return 0;
}

bool lint_has_pairs(const char *text, size_t size)
{
    return memmem(text, size, "\\ud", 3) != NULL ||
           memmem(text, size, "\\uD", 3) != NULL;
}

/* The pair's character in UTF-8, four bytes; false: no pair stands there. */
static bool join_pair(const struct scan *s, char out[4])
{
    long high = unit_at(s, s->at), low, c;

    if (high < 0xd800 || high > 0xdbff || s->size - s->at < 12)
        return false;
    low = unit_at(s, s->at + 6);
    if (low < 0xdc00 || low > 0xdfff)
        return false;
    c = 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff));
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return true;
}

size_t lint_join_pairs(const char *text, size_t size, char *out)
{
    struct scan s = {.text = text, .size = size};
    size_t used = 0;

    while (s.at < size) {
        if (text[s.at] == '\\' && join_pair(&s, out + used)) {
            used += 4;
            s.at += 12;
            continue;
        }
        /* A backslash takes the next character with it. */
        if (text[s.at] == '\\' && size - s.at > 1)
            out[used++] = text[s.at++];
        out[used++] = text[s.at++];
    }
    return used;
}

/* ---- numbers ----------------------------------------------------------- */

/* Does the number fit the 64 bits that it is kept in? */
static bool fits(const char *number)
{
    bool whole = strpbrk(number, ".eE") == NULL;

    errno = 0;
    if (!whole)
        return isfinite(strtod(number, NULL));
    if (number[0] == '-')
        (void)strtoll(number, NULL, 10);
    else
        (void)strtoull(number, NULL, 10);
    return errno != ERANGE;
}

static size_t span_digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* Is it a number as JSON writes them: no needless zero, digits on both sides of
 * a point? */
static bool is_number(const char *at)
{
    at += *at == '-';
    if (span_digits(at) == 0 || (at[0] == '0' && span_digits(at) > 1))
        return false;
    at += span_digits(at);
    if (*at == '.') {
        if (span_digits(++at) == 0)
            return false;
        at += span_digits(at);
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '+' || *at == '-';
        if (span_digits(at) == 0)
            return false;
        at += span_digits(at);
    }
    return *at == '\0';
}

static int lint_number(struct scan *s, sopool_error *err)
{
    size_t size = 0;
    char number[512];

    while (s->at + size < s->size && s->text[s->at + size] != '\0' &&
           strchr("+-.eE0123456789", s->text[s->at + size]) != NULL)
        size++;
    if (size >= sizeof(number))
        return wrong(s, "a number of too many digits", err);
    memcpy(number, s->text + s->at, size);
    number[size] = '\0';
    if (!is_number(number))
        return wrong(s, "a number that JSON writes otherwise", err);
    if (!fits(number))
        return wrong(s, "a number too large for 64 bits", err);
    s->at += size;
    return 0;
}

/* ---- the whole --------------------------------------------------------- */

int lint_json(const char *text, size_t size, size_t *members, sopool_error *err)
{
    struct scan s = {.text = text, .size = size};

    *members = 0;
    s.at = (size_t)sopool_utf8_span(text, size);
    if (s.at < size)
        return wrong(&s, "bytes that are not UTF-8", err);
    s.at = 0;
    while (s.at < size) {
        char c = text[s.at];
        int status = 0;

        if (c == '"')
            status = lint_string(&s, err);
        else if (c == '-' || (c >= '0' && c <= '9'))
            status = lint_number(&s, err);
        else if (c == 'N' || c == 'I')
            return wrong(&s, "a number that JSON does not have", err);
        else if (c == ':' && s.nul)
            return wrong(&s, "a key with a NUL in it", err);
        else {
            *members += c == ':';
            s.at++;
        }
        if (status != 0)
            return -1;
    }
    return 0;
}
