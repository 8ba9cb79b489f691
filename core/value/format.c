/* format.c - see format.h. */
#include "value/format.h"

#include <string.h>

#include <sopool/cbor.h>

#include "base/error.h"

/* A list or map that is open. */
struct level {
    char close;
    size_t items;
};

struct check {
    const char *format;
    const char *at;
    const char *letters;
    struct level level[SOPOOL_CBOR_DEPTH + 1]; /* [0]: around it all */
    size_t depth;
    sopool_error *err;
};

const char *format_next(const char *at)
{
    return at + strspn(at, " ,:");
}

static int wrong(const struct check *c, const char *what)
{
    return error_set(c->err, SOPOOL_E_USAGE, "format \"%.100s\", place %zu: %s",
                     c->format, (size_t)(c->at - c->format) + 1, what);
}

static bool is_key(const struct check *c)
{
    const struct level *level = &c->level[c->depth];

    return level->close == '}' && level->items % 2 == 0;
}

static int check_open(struct check *c)
{
    if (is_key(c))
        return wrong(c, "a key is s or S");
    if (c->depth == SOPOOL_CBOR_DEPTH)
        return wrong(c, "lists and maps stand too deep in one another");
    c->level[c->depth].items++;
    c->depth++;
    c->level[c->depth] = (struct level){*c->at == '[' ? ']' : '}', 0};
    return 0;
}

static int check_close(struct check *c)
{
    const struct level *level = &c->level[c->depth];

    if (level->close != *c->at)
        return wrong(c, "it closes what was not opened");
    if (level->close == '}' && level->items % 2 != 0)
        return wrong(c, "a key without a value");
    c->depth--;
    return 0;
}

static int check_letter(struct check *c)
{
    if (is_key(c) && *c->at != 's' && *c->at != 'S')
        return wrong(c, "a key is s or S");
    if (!is_key(c) && strchr(c->letters, *c->at) == NULL)
        return wrong(c, "no such letter");
    c->level[c->depth].items++;
    return 0;
}

static int check_one(struct check *c)
{
    if (c->depth == 0 && c->level[0].items == 1)
        return wrong(c, "more than one item; use a list");
    switch (*c->at) {
    case '[':
    case '{':
        return check_open(c);
    case ']':
    case '}':
        return check_close(c);
    default:
        return check_letter(c);
    }
}

int format_check(const char *format, const char *letters, sopool_error *err)
{
    struct check c = {
        .format = format, .at = format, .letters = letters, .err = err};

    for (c.at = format_next(c.at); *c.at != '\0'; c.at = format_next(c.at + 1))
        if (check_one(&c) != 0)
            return -1;
    if (c.depth > 0)
        return wrong(&c, "it ends inside a list or map");
    return c.level[0].items == 1 ? 0 : wrong(&c, "it has no item");
}

size_t format_count(const char *at)
{
    size_t depth = 0, count = 0;

    for (at = format_next(at + 1); depth > 0 || (*at != ']' && *at != '}');
         at = format_next(at + 1)) {
        if (depth == 0)
            count++;
        if (*at == '[' || *at == '{')
            depth++;
        else if (*at == ']' || *at == '}')
            depth--;
    }
    return count;
}
