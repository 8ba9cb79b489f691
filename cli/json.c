/* json.c - see json.h. */
#include "json.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base64.h"
#include "lint.h"
#include "message.h"
#include "near.h"

struct json {
    json_tokener *tokener;
    char *copy;     /* of a text that is changed before it is read; owned */
    size_t members; /* keys met in the value that is being put */
};

static json_tokener *new_tokener(void)
{
    /* One more than the lists and maps that may stand in one another. */
    json_tokener *tokener = json_tokener_new_ex(SOPOOL_CBOR_DEPTH + 1);

    if (tokener != NULL)
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT |
                                            JSON_TOKENER_VALIDATE_UTF8);
    return tokener;
}

/* After an error: a reset does not make the library forget half a surrogate
 * pair, which would then stand in the next text. */
static void renew_tokener(struct json *json)
{
    json_tokener *fresh = new_tokener();

    if (fresh == NULL)
        return;
    json_tokener_free(json->tokener);
    json->tokener = fresh;
}

struct json *json_new(void)
{
    struct json *json = calloc(1, sizeof(*json));

    if (json == NULL)
        return NULL;
    json->tokener = new_tokener();
    if (json->tokener == NULL) {
        free(json);
        return NULL;
    }
    return json;
}

void json_free(struct json *json)
{
    if (json == NULL)
        return;
    json_tokener_free(json->tokener);
    free(json->copy);
    free(json);
}

/* ---- reading ----------------------------------------------------------- */

/* The text's last value needs something behind it to be known to be whole. */
static json_object *parse_tokens(struct json *json, const char *text,
                                 size_t size)
{
    json_object *tree;

    json_tokener_reset(json->tokener);
    tree = json_tokener_parse_ex(json->tokener, text, (int)size);
    if (json_tokener_get_error(json->tokener) == json_tokener_continue)
        tree = json_tokener_parse_ex(json->tokener, "\n", 1);
    return tree;
}

static int explain(const struct json *json, size_t size, sopool_error *err)
{
    enum json_tokener_error error = json_tokener_get_error(json->tokener);
    size_t at = json_tokener_get_parse_end(json->tokener);

    if (error == json_tokener_continue || at >= size)
        return message_refuse(err, size == 0
                                       ? "is not JSON: it is empty"
                                       : "is not JSON: it ends too early");
    if (error == json_tokener_error_depth)
        return message_refuse(err,
                              "is nested too deeply at column %zu; allowed: "
                              "%d lists and objects in one another",
                              at + 1, SOPOOL_CBOR_DEPTH);
    return message_refuse(err, "is not JSON: %s at column %zu",
                          json_tokener_error_desc(error), at + 1);
}

static int join_pairs(struct json *json, const char **text, size_t *size)
{
    char *copy = realloc(json->copy, *size);

    if (copy == NULL)
        return -1;
    json->copy = copy;
    *size = lint_join_pairs(*text, *size, copy);
    *text = copy;
    return 0;
}

/* The value of the text: the caller's (NULL is also the value null). */
static int parse(struct json *json, const char *text, size_t size,
                 json_object **tree, size_t *members, sopool_error *err)
{
    enum json_tokener_error error;

    if (size >= INT_MAX)
        return message_refuse(err, "is too long for JSON; allowed: 2 GiB");
    if (lint_has_pairs(text, size) && join_pairs(json, &text, &size) != 0)
        return message_refuse(err, "is too large: out of memory");
    *tree = parse_tokens(json, text, size);
    error = json_tokener_get_error(json->tokener);
    if (error != json_tokener_success)
        (void)explain(json, size, err);
    else if (lint_json(text, size, members, err) == 0)
        return 0;
    else
        json_object_put(*tree);
    renew_tokener(json);
    return -1;
}

/* ---- generic values ---------------------------------------------------- */

static int put_any(struct json *json, json_object *value, sopool_writer *out,
                   sopool_error *err);

static int put_string(json_object *value, sopool_writer *out)
{
    return sopool_put_text(out, json_object_get_string(value),
                           (uint64_t)json_object_get_string_len(value));
}

/* The text of {"base64": "..."}; NULL: the object is another. */
static json_object *base64_of(json_object *value)
{
    json_object *text;

    if (json_object_get_type(value) == json_type_object &&
        json_object_object_length(value) == 1 &&
        json_object_object_get_ex(value, "base64", &text) &&
        json_object_get_type(text) == json_type_string)
        return text;
    return NULL;
}

static int put_base64(struct json *json, json_object *text, sopool_writer *out,
                      sopool_error *err)
{
    size_t size = (size_t)json_object_get_string_len(text);
    uint8_t *data = malloc(size + 1);
    size_t used;

    json->members++;
    if (data == NULL)
        return message_refuse(err, "is too large: out of memory");
    used = base64_decode(json_object_get_string(text), size, data);
    if (used != SIZE_MAX)
        (void)sopool_put_bytes(out, data, used);
    free(data);
    if (used == SIZE_MAX)
        return message_refuse(err, "has bytes that are not base64");
    return 0;
}

static int put_list(struct json *json, json_object *list, sopool_writer *out,
                    sopool_error *err)
{
    size_t count = json_object_array_length(list);

    (void)sopool_put_array(out, count);
    for (size_t i = 0; i < count; i++)
        if (put_any(json, json_object_array_get_idx(list, i), out, err) != 0)
            return -1;
    return 0;
}

struct member {
    const char *key;
    size_t size;
    json_object *value;
};

/* CBOR's order: the shorter key first. */
static int compare_members(const void *a, const void *b)
{
    const struct member *left = a, *right = b;

    if (left->size != right->size)
        return left->size < right->size ? -1 : 1;
    return memcmp(left->key, right->key, left->size);
}

static int put_map(struct json *json, json_object *map, sopool_writer *out,
                   sopool_error *err)
{
    size_t count = (size_t)json_object_object_length(map), used = 0;
    struct member *member = malloc((count + 1) * sizeof(*member));
    int status = 0;

    if (member == NULL)
        return message_refuse(err, "is too large: out of memory");
    json_object_object_foreach(map, key, value)
    {
        member[used++] = (struct member){key, strlen(key), value};
    }
    qsort(member, count, sizeof(*member), compare_members);
    json->members += count;
    (void)sopool_put_map(out, count);
    for (size_t i = 0; status == 0 && i < count; i++) {
        (void)sopool_put_text(out, member[i].key, member[i].size);
        status = put_any(json, member[i].value, out, err);
    }
    free(member);
    return status;
}

static int put_whole_number(json_object *value, sopool_writer *out)
{
    int64_t number = json_object_get_int64(value);

    if (number < 0)
        return sopool_put_i64(out, number);
    return sopool_put_u64(out, json_object_get_uint64(value));
}

static int put_any(struct json *json, json_object *value, sopool_writer *out,
                   sopool_error *err)
{
    json_object *base64 = base64_of(value);

    if (base64 != NULL)
        return put_base64(json, base64, out, err);
    switch (json_object_get_type(value)) {
    case json_type_null:
        (void)sopool_put_null(out);
        return 0;
    case json_type_boolean:
        (void)sopool_put_bool(out, json_object_get_boolean(value));
        return 0;
    case json_type_double:
        (void)sopool_put_f64(out, json_object_get_double(value));
        return 0;
    case json_type_int:
        (void)put_whole_number(value, out);
        return 0;
    case json_type_string:
        (void)put_string(value, out);
        return 0;
    case json_type_array:
        return put_list(json, value, out, err);
    default:
        return put_map(json, value, out, err);
    }
}

/* ---- values of a type -------------------------------------------------- */

static int unfit(json_object *value, const char *what, sopool_error *err)
{
    const char *text = json_object_to_json_string_ext(
        value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    char shown[48];

    return message_refuse(
        err, "%s is not %s",
        message_text(text, strlen(text), shown, sizeof(shown)), what);
}

static int put_integer(int type, json_object *value, sopool_writer *out,
                       sopool_error *err)
{
    bool whole = json_object_get_type(value) == json_type_int;

    if (type == SOPOOL_I64) {
        if (!whole || (json_object_get_int64(value) == INT64_MAX &&
                       json_object_get_uint64(value) > INT64_MAX))
            return unfit(value,
                         "an i64; allowed: a whole number from "
                         "-9223372036854775808 to 9223372036854775807",
                         err);
    } else if (!whole || json_object_get_int64(value) < 0)
        return unfit(value,
                     "a u64; allowed: a whole number from 0 to "
                     "18446744073709551615",
                     err);
    (void)put_whole_number(value, out);
    return 0;
}

static int put_float(json_object *value, sopool_writer *out, sopool_error *err)
{
    json_type type = json_object_get_type(value);

    if (type != json_type_double && type != json_type_int)
        return unfit(value, "an f64; allowed: a number", err);
    (void)sopool_put_f64(out, json_object_get_double(value));
    return 0;
}

static int put_bytes(struct json *json, json_object *value, sopool_writer *out,
                     sopool_error *err)
{
    json_object *base64 = base64_of(value);

    if (base64 != NULL)
        return put_base64(json, base64, out, err);
    if (json_object_get_type(value) != json_type_string)
        return unfit(value,
                     "bytes; allowed: a string, or {\"base64\": \"...\"}", err);
    (void)sopool_put_bytes(out, json_object_get_string(value),
                           (uint64_t)json_object_get_string_len(value));
    return 0;
}

static int put_typed(struct json *json, int type, json_object *value,
                     sopool_writer *out, sopool_error *err)
{
    json_type is = json_object_get_type(value);

    switch (type) {
    case SOPOOL_BOOL:
        if (is != json_type_boolean)
            return unfit(value, "a bool; allowed: true, false", err);
        break;
    case SOPOOL_I64:
    case SOPOOL_U64:
        return put_integer(type, value, out, err);
    case SOPOOL_F64:
        return put_float(value, out, err);
    case SOPOOL_STR:
        if (is != json_type_string)
            return unfit(value, "a str; allowed: a string", err);
        break;
    case SOPOOL_BYTES:
        return put_bytes(json, value, out, err);
    case SOPOOL_LIST:
        if (is != json_type_array)
            return unfit(value, "a list; allowed: an array", err);
        break;
    case SOPOOL_MAP:
        if (is != json_type_object)
            return unfit(value, "a map; allowed: an object", err);
        return put_map(json, value, out, err);
    default:
        break;
    }
    return put_any(json, value, out, err);
}

/* ---- whole texts ------------------------------------------------------- */

/* The library keeps the last of two members with one key. */
static int finish(struct json *json, json_object *tree, size_t members,
                  int status, sopool_writer *out, sopool_error *err)
{
    json_object_put(tree);
    if (status != 0)
        return -1;
    if (json->members != members)
        return message_refuse(err, "has an object with a key twice");
    if (out->failed)
        return message_refuse(err, "is too large: out of memory");
    return 0;
}

int json_value(struct json *json, int type, const char *text, size_t size,
               sopool_writer *out, sopool_error *err)
{
    json_object *tree;
    size_t members;
    int status;

    if (parse(json, text, size, &tree, &members, err) != 0)
        return -1;
    json->members = 0;
    status = put_typed(json, type, tree, out, err);
    return finish(json, tree, members, status, out, err);
}

/* What the arguments of a call are made from. */
struct call {
    const sopool_task_info *task;
    const sopool_writer *given; /* of each parameter; of size 0: it is open;
                                   NULL: all are */
    bool list;
    size_t open_count;
    const char *text; /* that it is read from */
    size_t size;
};

static bool is_given(const struct call *call, size_t i)
{
    return call->given != NULL && call->given[i].size > 0;
}

static struct call call_of(const sopool_task_info *task,
                           const sopool_writer *given, bool list)
{
    struct call call = {.task = task, .given = given, .list = list};

    for (size_t i = 0; i < task->param_count; i++)
        call.open_count += !is_given(&call, i);
    return call;
}

/* Is the object the value of the one argument that is open? */
static bool is_itself(const struct call *call, json_object *value)
{
    size_t i = 0;
    int type;

    while (is_given(call, i))
        i++;
    type = call->task->params[i].type;
    return type == SOPOOL_MAP || type == SOPOOL_ANY ||
           (type == SOPOOL_BYTES && base64_of(value) != NULL);
}

static int missing(const struct call *call, const char *name, json_object *map,
                   sopool_error *err)
{
    size_t count = (size_t)json_object_object_length(map), used = 0;
    const char **keys = calloc(count + 1, sizeof(*keys)), *near = NULL;
    char shown[48];

    json_object_object_foreach(map, key, value)
    {
        (void)value;
        if (keys != NULL)
            keys[used++] = key;
    }
    if (keys != NULL)
        near = near_word(name, keys, count);
    if (near != NULL)
        (void)message_refuse(
            err, "the object has no \"%s\"; is it meant by \"%s\"? %s%s", name,
            message_text(near, strlen(near), shown, sizeof(shown)),
            call->task->name, call->task->signature);
    else
        (void)message_refuse(err, "the object has no \"%s\": %s%s", name,
                             call->task->name, call->task->signature);
    free(keys);
    return -1;
}

/* The value of an open argument, the `nth` of them. */
static int find_value(const struct call *call, json_object *from, size_t i,
                      size_t nth, json_object **value, sopool_error *err)
{
    const char *name = call->task->params[i].name;

    if (json_object_get_type(from) == json_type_array && call->list)
        *value = json_object_array_get_idx(from, nth);
    else if (json_object_get_type(from) != json_type_object ||
             (!call->list && is_itself(call, from)))
        *value = from;
    else if (!json_object_object_get_ex(from, name, value))
        return missing(call, name, from, err);
    return 0;
}

static int check_given(const struct call *call, json_object *map,
                       sopool_error *err)
{
    for (size_t i = 0; i < call->task->param_count; i++) {
        const char *name = call->task->params[i].name;

        if (is_given(call, i) && json_object_object_get_ex(map, name, NULL))
            return message_refuse(err,
                                  "the object has \"%s\", which --arg gives "
                                  "too; allowed: one of them",
                                  name);
    }
    return 0;
}

/* Can the value hold the open arguments? */
static int check_shape(const struct call *call, json_object *value,
                       sopool_error *err)
{
    size_t count;

    if (json_object_get_type(value) == json_type_object)
        return call->list || !is_itself(call, value)
                   ? check_given(call, value, err)
                   : 0;
    if (!call->list)
        return 0;
    if (json_object_get_type(value) != json_type_array)
        return unfit(value, "a JSON array of arguments, nor an object of them",
                     err);
    count = json_object_array_length(value);
    if (count == call->open_count)
        return 0;
    return message_refuse(err, "there are %zu arguments; %s takes %zu%s: %s",
                          count, call->task->name, call->open_count,
                          call->open_count < call->task->param_count
                              ? " besides those of --arg"
                              : "",
                          call->task->signature);
}

/* How many members the objects have that stand in a value, and it itself. */
static size_t count_members(json_object *value)
{
    size_t members = 0;

    if (json_object_get_type(value) == json_type_array)
        for (size_t i = 0; i < json_object_array_length(value); i++)
            members += count_members(json_object_array_get_idx(value, i));
    if (json_object_get_type(value) != json_type_object)
        return members;
    json_object_object_foreach(value, key, member)
    {
        (void)key;
        members += 1 + count_members(member);
    }
    return members;
}

static size_t skip_blanks(const char *text, size_t size, size_t at)
{
    while (at < size && strchr(" \t\r\n", text[at]) != NULL)
        at++;
    return at;
}

/* Where element `nth`, from 1, of an array stands in its text, which is known
 * to be JSON: the column, from 1; or 0 if it is no array. */
static size_t column_of(const char *text, size_t size, size_t nth)
{
    size_t at = skip_blanks(text, size, 0), depth = 0;
    bool quoted = false;

    if (at >= size || text[at] != '[')
        return 0;
    for (; at < size; at++) {
        char c = text[at];

        if (quoted && c == '\\')
            at++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '[' || c == '{'))
            depth++;
        else if (!quoted && (c == ']' || c == '}'))
            depth--;
        if (!quoted && ((depth == 1 && c == ',') || (c == '[' && depth == 1)))
            nth--;
        if (nth == 0)
            return skip_blanks(text, size, at + 1) + 1;
    }
    return 0;
}

/* Argument `i`, the `nth` of those in the text, does not fit. */
static int refuse(const struct call *call, size_t i, size_t nth,
                  const sopool_error *why, sopool_error *err)
{
    size_t column = column_of(call->text, call->size, nth);
    char where[40] = "";

    if (column > 0)
        (void)snprintf(where, sizeof(where), "column %zu: ", column);
    return message_refuse(err, "%sargument %zu (%s): %.700s; signature: %s",
                          where, i + 1, call->task->params[i].name,
                          why->message, call->task->signature);
}

static int put_arguments(struct json *json, const struct call *call,
                         json_object *from, sopool_writer *out,
                         sopool_error *err)
{
    size_t nth = 0;

    if (check_shape(call, from, err) != 0)
        return -1;
    (void)sopool_put_array(out, call->task->param_count);
    for (size_t i = 0; i < call->task->param_count; i++) {
        const sopool_param *param = &call->task->params[i];
        json_object *value = NULL;
        sopool_error why;

        if (is_given(call, i)) {
            (void)sopool_put_raw(out, call->given[i].data, call->given[i].size);
            continue;
        }
        if (find_value(call, from, i, nth++, &value, err) != 0)
            return -1;
        if (put_typed(json, param->type, value, out, &why) != 0)
            return refuse(call, i, nth, &why, err);
    }
    /* Of an object not all need have been put. */
    if (json_object_get_type(from) == json_type_object)
        json->members = count_members(from);
    return 0;
}

int json_arguments(struct json *json, const sopool_task_info *task,
                   const sopool_writer *given, bool list, const char *text,
                   size_t size, sopool_writer *out, sopool_error *err)
{
    struct call call = call_of(task, given, list);
    json_object *tree;
    size_t members;
    int status;

    call.text = text;
    call.size = size;

    if (parse(json, text, size, &tree, &members, err) != 0)
        return -1;
    json->members = 0;
    status = put_arguments(json, &call, tree, out, err);
    return finish(json, tree, members, status, out, err);
}

int json_read(struct json *json, const char *text, size_t size,
              struct json_object **tree, sopool_error *err)
{
    size_t members;

    if (parse(json, text, size, tree, &members, err) != 0) {
        *tree = NULL;
        return -1;
    }
    if (count_members(*tree) == members)
        return 0;
    json_object_put(*tree);
    *tree = NULL;
    return message_refuse(err, "has an object with a key twice");
}

int json_call(struct json *json, const sopool_task_info *task,
              struct json_object *params, sopool_writer *out, sopool_error *err)
{
    struct call call = call_of(task, NULL, true);
    json_object *none = params == NULL ? json_object_new_array() : NULL;
    int status =
        put_arguments(json, &call, params != NULL ? params : none, out, err);

    json_object_put(none);
    if (status == 0 && out->failed)
        return message_refuse(err,
                              "the arguments are too large: out of memory");
    return status;
}
