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

    if (s->size - at < 6 || s->text[at] != '\\' || s->text[at + 1] != 'u')
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

static int lint_number(struct scan *s, sopool_error *err)
{
    size_t size = 0;
    char number[512], *dot;

    while (s->at + size < s->size &&
           strchr("+-.eE0123456789", s->text[s->at + size]) != NULL &&
           s->text[s->at + size] != '\0')
        size++;
    if (size >= sizeof(number))
        return wrong(s, "a number of too many digits", err);
    memcpy(number, s->text + s->at, size);
    number[size] = '\0';
    dot = strchr(number, '.');
    if (dot != NULL && (dot[1] < '0' || dot[1] > '9'))
        return wrong(s, "a number without digits after its point", err);
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
