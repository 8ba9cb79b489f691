/* invent.c - see invent.h. */
#include "invent.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "growing.h"

/* Lists and maps in one another, at most; bytes of a text, at most. */
enum { DEEPEST = 4, LONGEST = 256 * 1024 };

/* Where we are in the choices. */
struct source {
    const struct choices *choices;
    size_t at;
};

static unsigned choose(struct source *s)
{
    return s->at < s->choices->size ? s->choices->byte[s->at++] : 0;
}

static uint64_t choose_wide(struct source *s, int bytes)
{
    uint64_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | choose(s);
    return value;
}

/* ---- numbers ----------------------------------------------------------- */

/* Mostly small, now and then of any size. */
static uint64_t magnitude(struct source *s)
{
    switch (choose(s) % 6) {
    case 0:
    case 1:
        return choose(s);
    case 2:
        return choose_wide(s, 2);
    case 3:
        return choose_wide(s, 4);
    case 4:
        return choose_wide(s, 8);
    default:
        return UINT64_C(1) << choose(s) % 64;
    }
}

static int64_t invent_i64(struct source *s)
{
    static const int64_t edges[] = {0,         -1,        INT64_MAX, INT64_MIN,
                                    INT32_MAX, INT32_MIN, UINT32_MAX};
    unsigned kind = choose(s) % 4;
    uint64_t value;

    if (kind == 3)
        return edges[choose(s) % (sizeof(edges) / sizeof(edges[0]))];
    value = magnitude(s) & INT64_MAX;
    return kind == 2 ? -(int64_t)value : (int64_t)value;
}

static uint64_t invent_u64(struct source *s)
{
    return choose(s) % 4 == 3 ? UINT64_MAX - magnitude(s) : magnitude(s);
}

static double invent_f64(struct source *s)
{
    static const double edges[] = {0.0,       -0.0,   0.1,     INFINITY,
                                   -INFINITY, NAN,    DBL_MAX, -DBL_MAX,
                                   DBL_MIN,   5e-324, 1e15,    DBL_EPSILON};
    unsigned kind = choose(s) % 4;
    double value;
    uint64_t bits;

    if (kind == 3)
        return edges[choose(s) % (sizeof(edges) / sizeof(edges[0]))];
    if (kind < 2) {
        value = (double)(int64_t)(magnitude(s) & INT64_MAX);
        return kind == 1 ? -value / 16 : value;
    }
    bits = choose_wide(s, 8);
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* ---- texts and bytes --------------------------------------------------- */

/* Characters, the plainest first, and texts that mean something somewhere. */
static const char *const characters[] = {
    "a",
    "b",
    "z",
    "A",
    "0",
    "1",
    "9",
    " ",
    "-",
    "_",
    ".",
    ",",
    "/",
    ":",
    ";",
    "=",
    "+",
    "*",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    "\"",
    "'",
    "\\",
    "%",
    "#",
    "&",
    "?",
    "!",
    "$",
    "`",
    "|",
    "~",
    "^",
    "@",
    "\n",
    "\t",
    "\r",
    "\x01",
    "\x7f",
    "\xc3\xa9",
    "\xe2\x82\xac",
    "\xf0\x9f\x98\x80",
    "\xcc\x81",
    "\xef\xbb\xbf",
};
static const char *const phrases[] = {
    "%s%n", "../",       "null",       "true",
    "-1",   "0x10",      "1e999",      "NaN",
    "{}",   "[]",        "<a>",        "--",
    "\r\n", "/dev/null", "4294967296", "18446744073709551616",
};

enum {
    CHARACTERS = sizeof(characters) / sizeof(characters[0]),
    PHRASES = sizeof(phrases) / sizeof(phrases[0]),
};

/* One piece of a text; NUL is one that C cannot see. */
static void piece(struct source *s, unsigned kind, bool text, sopool_writer *to)
{
    unsigned which = choose(s);
    const char *string = characters[which % CHARACTERS];
    uint8_t byte = kind == 12 ? 0 : (uint8_t)which;

    if (kind == 11)
        string = phrases[which % PHRASES];
    if (kind == 12 || (kind != 11 && !text))
        (void)sopool_put_raw(to, &byte, 1);
    else
        (void)sopool_put_raw(to, string, strlen(string));
}

/* Mostly up to 256, now and then as many as a text has room for. */
static uint64_t repetitions(struct source *s)
{
    unsigned kind = choose(s);

    return 1 + choose_wide(s, kind < 240 ? 1 : kind < 254 ? 2 : 3);
}

/* Pieces until none follows; some of them many times over. */
static void invent_text(struct source *s, bool text, sopool_writer *to)
{
    sopool_writer one = growing_writer();
    unsigned kind;

    while (to->size < LONGEST && !to->failed && (kind = choose(s) % 16) != 0) {
        uint64_t times = kind == 15 ? repetitions(s) : 1;

        one.size = 0;
        piece(s, kind, text, &one);
        while (times-- > 0 && to->size < LONGEST)
            (void)sopool_put_raw(to, one.data, one.size);
    }
    free(one.data);
}

static void put_text(struct source *s, bool text, sopool_writer *out)
{
    sopool_writer content = growing_writer();

    invent_text(s, text, &content);
    if (text)
        (void)sopool_put_text(out, (const char *)content.data, content.size);
    else
        (void)sopool_put_bytes(out, content.data, content.size);
    free(content.data);
}

/* ---- values of any type ------------------------------------------------ */

static void put(struct source *s, int type, int depth, sopool_writer *out);

/* Keys stand in order: "a", then a later letter, up to "z". */
static void put_items(struct source *s, bool map, int depth, sopool_writer *out)
{
    sopool_writer items = growing_writer();
    uint64_t count = 0;
    char key = 'a' - 1;
    unsigned more;

    while ((more = choose(s) % 8) != 0 && key < 'z' && count < 1024) {
        if (map) {
            key = (char)(key + 1 + (more > 6 && key + 1 < 'z'));
            (void)sopool_put_text(&items, &key, 1);
        }
        put(s, SOPOOL_ANY, depth + 1, &items);
        count++;
    }
    if (map)
        (void)sopool_put_map(out, count);
    else
        (void)sopool_put_array(out, count);
    (void)sopool_put_raw(out, items.data, items.size);
    free(items.data);
}

static int any_type(struct source *s, int depth)
{
    static const int types[] = {0,          SOPOOL_BOOL, SOPOOL_I64,
                                SOPOOL_STR, SOPOOL_F64,  SOPOOL_BYTES,
                                SOPOOL_U64, SOPOOL_LIST, SOPOOL_MAP};

    return types[choose(s) % (depth < DEEPEST ? 9U : 7U)];
}

static void put(struct source *s, int type, int depth, sopool_writer *out)
{
    if (type == SOPOOL_ANY)
        type = any_type(s, depth);
    switch (type) {
    case SOPOOL_BOOL:
        (void)sopool_put_bool(out, choose(s) % 2 == 1);
        break;
    case SOPOOL_I64:
        (void)sopool_put_i64(out, invent_i64(s));
        break;
    case SOPOOL_U64:
        (void)sopool_put_u64(out, invent_u64(s));
        break;
    case SOPOOL_F64:
        (void)sopool_put_f64(out, invent_f64(s));
        break;
    case SOPOOL_STR:
    case SOPOOL_BYTES:
        put_text(s, type == SOPOOL_STR, out);
        break;
    case SOPOOL_LIST:
    case SOPOOL_MAP:
        put_items(s, type == SOPOOL_MAP, depth, out);
        break;
    default:
        (void)sopool_put_null(out);
    }
}

/* ---- the arguments ----------------------------------------------------- */

/* An argument as it stands in one of the lists that are known. */
static void put_known(struct source *s, const struct known_args *known,
                      size_t param, sopool_writer *out)
{
    const sopool_blob *list = &known->list[choose(s) % known->count];
    sopool_reader r = sopool_reader_of(list->ptr, (size_t)list->size);
    sopool_blob item = {0};
    uint64_t count = 0;

    (void)sopool_read_array(&r, &count);
    for (size_t i = 0; i <= param && i < count; i++)
        (void)sopool_read_raw(&r, &item);
    (void)sopool_put_raw(out, item.ptr, (size_t)item.size);
}

void invent(const struct choices *choices, const sopool_task_info *task,
            const struct known_args *known, sopool_writer *out)
{
    struct source s = {.choices = choices};

    (void)sopool_put_array(out, task->param_count);
    for (size_t i = 0; i < task->param_count; i++)
        if (known->count > 0 && choose(&s) % 4 == 3)
            put_known(&s, known, i, out);
        else
            put(&s, task->params[i].type, 0, out);
}
