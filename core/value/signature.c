/* signature.c - see signature.h. */
#include "value/signature.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sopool/cbor.h>

#include "base/error.h"
#include "value/number.h"

static const char *const type_names[] = {
    [SOPOOL_BOOL] = "bool", [SOPOOL_I64] = "i64", [SOPOOL_U64] = "u64",
    [SOPOOL_F64] = "f64",   [SOPOOL_STR] = "str", [SOPOOL_BYTES] = "bytes",
    [SOPOOL_LIST] = "list", [SOPOOL_MAP] = "map", [SOPOOL_ANY] = "any",
};

enum { TYPES = sizeof(type_names) / sizeof(type_names[0]) };

const char *sopool_type_name(int type)
{
    return type >= SOPOOL_BOOL && type < TYPES ? type_names[type] : "?";
}

/* ---- reading the text -------------------------------------------------- */

static bool take(const char **at, const char *token)
{
    size_t size = strlen(token);

    if (strncmp(*at, token, size) != 0)
        return false;
    *at += size;
    return true;
}

static int take_type(const char **at)
{
    for (int type = SOPOOL_BOOL; type < TYPES; type++) {
        const char *from = *at;

        if (take(&from, type_names[type]) &&
            (*from == ',' || *from == ')' || *from == '\0')) {
            *at = from;
            return type;
        }
    }
    return 0;
}

static size_t name_size(const char *at)
{
    size_t size = strspn(at, "abcdefghijklmnopqrstuvwxyz"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

    return at[0] >= '0' && at[0] <= '9' ? 0 : size;
}

static bool known_param(const struct signature *s, const char *name)
{
    for (size_t i = 0; i < s->param_count; i++)
        if (strcmp(s->param[i].name, name) == 0)
            return true;
    return false;
}

/* One "name: type"; the name goes to `store`, which moves on. */
static bool take_param(struct signature *s, const char **at, char **store)
{
    size_t size = name_size(*at);
    sopool_param *param = &s->param[s->param_count];

    if (size == 0 || s->param_count == SIGNATURE_PARAMS)
        return false;
    memcpy(*store, *at, size);
    (*store)[size] = '\0';
    *at += size;
    if (known_param(s, *store) || !take(at, ": "))
        return false;
    param->name = *store;
    param->type = take_type(at);
    *store += size + 1;
    s->param_count++;
    return param->type != 0;
}

static uint32_t count_words(const struct signature *s)
{
    if (!is_number(s->result) || s->param_count > NUMBER_WORDS)
        return 0;
    for (size_t i = 0; i < s->param_count; i++)
        if (!is_number(s->param[i].type))
            return 0;
    return (uint32_t)s->param_count;
}

static bool take_signature(struct signature *s, const char *at)
{
    char *store = s->names;

    if (!take(&at, "("))
        return false;
    if (!take(&at, ")")) {
        do {
            if (!take_param(s, &at, &store))
                return false;
        } while (take(&at, ", "));
        if (!take(&at, ")"))
            return false;
    }
    if (!take(&at, " -> "))
        return false;
    s->result = take_type(&at);
    s->words = count_words(s);
    return s->result != 0 && *at == '\0';
}

int signature_parse(struct signature *s, const char *text, sopool_error *err)
{
    memset(s, 0, sizeof(*s));
    s->names = malloc(strlen(text) + 1);
    s->param = calloc(SIGNATURE_PARAMS, sizeof(*s->param));
    if (s->names == NULL || s->param == NULL) {
        signature_finish(s);
        return error_nomem(err);
    }
    if (take_signature(s, text))
        return 0;
    signature_finish(s);
    return error_set(err, SOPOOL_E_PLUGIN,
                     "'%.80s' is not a signature; one reads "
                     "'(name: type, ...) -> type'",
                     text);
}

void signature_finish(struct signature *s)
{
    free(s->param);
    free(s->names);
    memset(s, 0, sizeof(*s));
}

size_t signature_show_params(const struct signature *s, char *out, size_t room)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < s->param_count && used < room; i++)
        used += (size_t)snprintf(out + used, room - used, "%s%s: %s",
                                 i > 0 ? ", " : "", s->param[i].name,
                                 sopool_type_name(s->param[i].type));
    return used;
}

/* ---- checking values --------------------------------------------------- */

static const char *kind_name(const sopool_cbor *item)
{
    static const char *const names[] = {
        "an integer", "an integer", "bytes",  "text", "a list",
        "a map",      "a list",     "a bool", "null", "a float"};

    return names[item->kind];
}

/* NULL if an item of this head is of the type; else what it is instead. */
static const char *unfit(int type, const sopool_cbor *item)
{
    bool ok = false;

    switch (type) {
    case SOPOOL_BOOL:
        ok = item->kind == SOPOOL_CBOR_BOOL;
        break;
    case SOPOOL_I64:
        if (item->kind <= SOPOOL_CBOR_NEGINT && item->value > INT64_MAX)
            return "an integer that does not fit in 64 bits with sign";
        ok = item->kind <= SOPOOL_CBOR_NEGINT;
        break;
    case SOPOOL_U64:
        if (item->kind == SOPOOL_CBOR_NEGINT)
            return "a negative integer";
        ok = item->kind == SOPOOL_CBOR_UINT;
        break;
    case SOPOOL_F64:
        ok =
            item->kind <= SOPOOL_CBOR_NEGINT || item->kind == SOPOOL_CBOR_FLOAT;
        break;
    case SOPOOL_STR:
        ok = item->kind == SOPOOL_CBOR_TEXT;
        break;
    case SOPOOL_BYTES:
        ok = item->kind == SOPOOL_CBOR_BYTES;
        break;
    case SOPOOL_LIST:
        ok = item->kind == SOPOOL_CBOR_ARRAY || item->kind == SOPOOL_CBOR_TAG;
        break;
    case SOPOOL_MAP:
        ok = item->kind == SOPOOL_CBOR_MAP;
        break;
    default:
        return NULL;
    }
    return ok ? NULL : kind_name(item);
}

static bool is_container(const sopool_cbor *item)
{
    return item->kind == SOPOOL_CBOR_ARRAY || item->kind == SOPOOL_CBOR_MAP ||
           item->kind == SOPOOL_CBOR_TAG;
}

/* The next item, whole and within the profile; its head to `head`. */
static int read_whole(sopool_reader *r, sopool_cbor *head)
{
    sopool_reader from = *r;

    if (sopool_read(r, head) != 0)
        return -1;
    if (!is_container(head))
        return 0;
    *r = from;
    return sopool_read_skip(r);
}

static int check_arg(const struct signature *s, size_t i, sopool_reader *r,
                     sopool_error *err)
{
    const sopool_param *param = &s->param[i];
    const char *instead;
    sopool_cbor head;

    if (read_whole(r, &head) != 0)
        return error_set(err, SOPOOL_E_ARGS, "argument %zu (%s) %s", i + 1,
                         param->name, r->error);
    instead = unfit(param->type, &head);
    if (instead == NULL)
        return 0;
    return error_set(err, SOPOOL_E_ARGS, "argument %zu (%s) must be %s, got %s",
                     i + 1, param->name, sopool_type_name(param->type),
                     instead);
}

/* Most items are numbers, text or bytes, and most of those are right: the size
 * of the item at `at` if it is one of this type within the profile, or 0 when
 * it has to be looked at more closely. */
static size_t plain_item(int type, const uint8_t *at, size_t left)
{
    unsigned major = 0;
    uint64_t value = 0;
    size_t size = sopool_head_get(at, at + left, &major, &value);

    if (type == SOPOOL_I64)
        return major <= SOPOOL_CBOR_NEGINT && value <= INT64_MAX ? size : 0;
    if (type == SOPOOL_U64)
        return major == SOPOOL_CBOR_UINT ? size : 0;
    if (size == 0 || value > left - size)
        return 0;
    if (type == SOPOOL_STR)
        return major == SOPOOL_CBOR_TEXT &&
                       sopool_utf8_span(at + size, value) == value
                   ? size + (size_t)value
                   : 0;
    return type == SOPOOL_BYTES && major == SOPOOL_CBOR_BYTES
               ? size + (size_t)value
               : 0;
}

static bool plain_args(const struct signature *s, const uint8_t *at,
                       size_t size)
{
    const uint8_t *end = at + size;

    if (size == 0 || s->param_count > 23 || *at++ != 0x80 + s->param_count)
        return false;
    for (size_t i = 0; i < s->param_count; i++) {
        size_t item = plain_item(s->param[i].type, at, (size_t)(end - at));

        if (item == 0)
            return false;
        at += item;
    }
    return at == end;
}

static int wrong_count(const struct signature *s, uint64_t count,
                       sopool_error *err)
{
    char params[512];

    (void)signature_show_params(s, params, sizeof(params));
    return error_set(err, SOPOOL_E_ARGS, "takes %zu argument%s (%s), got %llu",
                     s->param_count, s->param_count == 1 ? "" : "s", params,
                     (unsigned long long)count);
}

int signature_check_args(const struct signature *s, const void *args,
                         size_t size, sopool_error *err)
{
    sopool_reader r;
    uint64_t count;

    if (plain_args(s, args, size))
        return 0;
    r = sopool_reader_of(args, size);
    if (sopool_read_array(&r, &count) != 0)
        return error_set(err, SOPOOL_E_ARGS, "what was given as arguments %s",
                         r.error);
    if (count != s->param_count)
        return wrong_count(s, count, err);
    for (size_t i = 0; i < s->param_count; i++)
        if (check_arg(s, i, &r, err) != 0)
            return -1;
    if (r.at != r.end)
        return error_set(err, SOPOOL_E_ARGS,
                         "what was given as arguments goes on after its "
                         "end");
    return 0;
}

int signature_check_result(const struct signature *s, const void *item,
                           size_t size, sopool_error *err)
{
    sopool_reader r = sopool_reader_of(item, size);
    const char *instead;
    sopool_cbor head;

    if (size > 0 && plain_item(s->result, item, size) == size)
        return 0;
    if (read_whole(&r, &head) != 0)
        return error_set(err, SOPOOL_E_RESULT, "the task's result %s", r.error);
    if (r.at != r.end)
        return error_set(err, SOPOOL_E_RESULT,
                         "the task's result goes on after its end");
    instead = unfit(s->result, &head);
    if (instead == NULL)
        return 0;
    return error_set(err, SOPOOL_E_RESULT,
                     "the task's result must be %s, got %s",
                     sopool_type_name(s->result), instead);
}
