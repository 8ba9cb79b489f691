/* cases.c - see cases.h. */
#include "cases.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "message.h"
#include "near.h"
#include "yamljson.h"

/* A file that is being read. */
struct reading {
    struct cases *cases;
    yaml_document_t doc;
    int wrong; /* complaints so far */
};

static struct mark mark_of(const yaml_node_t *node)
{
    return (struct mark){node->start_mark.line + 1,
                         node->start_mark.column + 1};
}

static void complain(struct reading *r, struct mark at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void complain(struct reading *r, struct mark at, const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    message("%s:%zu:%zu: %s", r->cases->path, at.line, at.column, text);
    r->wrong++;
}

/* ---- the keys of a case ------------------------------------------------ */

/* A key of a case, and how it takes its value. */
struct key {
    const char *name;
    void (*take)(struct reading *r, struct test_case *c, const struct key *key,
                 yaml_node_t *value);
    size_t at; /* in the case: a text */
};

static char **text_of(struct test_case *c, const struct key *key)
{
    return (char **)((char *)c + key->at);
}

static void take_text(struct reading *r, struct test_case *c,
                      const struct key *key, yaml_node_t *value)
{
    if (value->type != YAML_SCALAR_NODE) {
        complain(r, mark_of(value), "%s: allowed: a text", key->name);
        return;
    }
    *text_of(c, key) = strdup((const char *)value->data.scalar.value);
    if (*text_of(c, key) == NULL)
        complain(r, mark_of(value), "out of memory");
}

static void take_value(struct reading *r, struct test_case *c,
                       const struct key *key, yaml_node_t *value)
{
    yaml_node_t *where = value;
    const char *why = NULL;

    *text_of(c, key) = yaml_json(&r->doc, value, &why, &where);
    if (*text_of(c, key) == NULL)
        complain(r, mark_of(where), "%s: %s", key->name, why);
}

static void take_args(struct reading *r, struct test_case *c,
                      const struct key *key, yaml_node_t *value)
{
    if (value->type == YAML_SCALAR_NODE) {
        complain(r, mark_of(value),
                 "args: allowed: a list of arguments, or a mapping of them by "
                 "name");
        return;
    }
    c->args_at = mark_of(value);
    take_value(r, c, key, value);
}

static void take_result(struct reading *r, struct test_case *c,
                        const struct key *key, yaml_node_t *value)
{
    c->result_at = mark_of(value);
    take_value(r, c, key, value);
}

static void take_within(struct reading *r, struct test_case *c,
                        const struct key *key, yaml_node_t *value)
{
    const char *text = value->type == YAML_SCALAR_NODE
                           ? (const char *)value->data.scalar.value
                           : "";
    char *end;

    c->within = strtod(text, &end);
    if (end == text || *end != '\0' || !(c->within >= 0) || isinf(c->within))
        complain(r, mark_of(value),
                 "%s: allowed: a number, 0 or more, "
                 "such as 1e-9",
                 key->name);
}

static const struct key keys[] = {
    {"task", take_text, offsetof(struct test_case, task)},
    {"args", take_args, offsetof(struct test_case, args)},
    {"result", take_result, offsetof(struct test_case, result)},
    {"error", take_text, offsetof(struct test_case, error)},
    {"within", take_within, 0},
    {"timeout", take_text, offsetof(struct test_case, timeout)},
    {"name", take_text, offsetof(struct test_case, name)},
};

enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

static const struct key *find_key(const char *name)
{
    for (size_t i = 0; i < KEYS; i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

static void unknown_key(struct reading *r, const yaml_node_t *node)
{
    const char *name = (const char *)node->data.scalar.value, *near;
    const char *names[KEYS];

    for (size_t i = 0; i < KEYS; i++)
        names[i] = keys[i].name;
    near = near_word(name, names, KEYS);
    if (near != NULL)
        complain(r, mark_of(node), "unknown key '%.60s'; did you mean '%s'?",
                 name, near);
    else
        complain(r, mark_of(node),
                 "unknown key '%.60s'; allowed: task, args, result, error, "
                 "within, timeout, name",
                 name);
}

/* ---- a case ------------------------------------------------------------ */

static void read_pair(struct reading *r, struct test_case *c, bool seen[KEYS],
                      const yaml_node_pair_t *pair)
{
    yaml_node_t *name = yaml_document_get_node(&r->doc, pair->key);
    yaml_node_t *value = yaml_document_get_node(&r->doc, pair->value);
    const struct key *key;

    if (name == NULL || value == NULL || name->type != YAML_SCALAR_NODE)
        return;
    key = find_key((const char *)name->data.scalar.value);
    if (key == NULL)
        unknown_key(r, name);
    else if (seen[key - keys])
        complain(r, mark_of(name), "%s: is given twice", key->name);
    else {
        seen[key - keys] = true;
        key->take(r, c, key, value);
    }
}

static void read_case(struct reading *r, struct test_case *c, yaml_node_t *node)
{
    bool seen[KEYS] = {false};

    c->at = mark_of(node);
    if (node->type != YAML_MAPPING_NODE) {
        complain(r, c->at,
                 "a case is a mapping: {task: ..., args: [...], "
                 "result: ...}");
        return;
    }
    for (yaml_node_pair_t *i = node->data.mapping.pairs.start;
         i < node->data.mapping.pairs.top; i++)
        read_pair(r, c, seen, i);
    if (!seen[find_key("task") - keys])
        complain(r, c->at, "the case has no task");
    if (c->result != NULL && c->error != NULL)
        complain(r, c->at,
                 "the case has a result and an error; allowed: one of them");
    if (seen[find_key("within") - keys] && c->result == NULL)
        complain(r, c->at, "within: the case has no result");
}

static void read_root(struct reading *r)
{
    yaml_node_t *root = yaml_document_get_root_node(&r->doc);
    struct cases *cases = r->cases;
    yaml_node_item_t *item;
    size_t count;

    if (root == NULL) {
        complain(r, (struct mark){1, 1},
                 "the file is empty; a list of cases "
                 "is missing");
        return;
    }
    if (root->type != YAML_SEQUENCE_NODE) {
        complain(r, mark_of(root), "allowed: a list of cases");
        return;
    }
    item = root->data.sequence.items.start;
    count = (size_t)(root->data.sequence.items.top - item);
    cases->item = calloc(count + 1, sizeof(*cases->item));
    if (cases->item == NULL) {
        complain(r, mark_of(root), "out of memory");
        return;
    }
    for (; cases->count < count; cases->count++)
        read_case(r, &cases->item[cases->count],
                  yaml_document_get_node(&r->doc, item[cases->count]));
}

/* ---- the file ---------------------------------------------------------- */

static void parse(struct reading *r, FILE *file)
{
    yaml_parser_t parser;

    if (yaml_parser_initialize(&parser) == 0) {
        complain(r, (struct mark){1, 1}, "out of memory");
        return;
    }
    yaml_parser_set_input_file(&parser, file);
    if (yaml_parser_load(&parser, &r->doc) != 0) {
        read_root(r);
        yaml_document_delete(&r->doc);
    } else if (ferror(file) != 0) {
        message("%s: cannot be read: %s", r->cases->path, strerror(errno));
        r->wrong++;
    } else
        complain(r,
                 (struct mark){parser.problem_mark.line + 1,
                               parser.problem_mark.column + 1},
                 "%s", parser.problem != NULL ? parser.problem : "not YAML");
    yaml_parser_delete(&parser);
}

int cases_read(struct cases *cases, const char *path)
{
    struct reading r = {.cases = cases};
    FILE *file = fopen(path, "re");

    *cases = (struct cases){.path = path};
    if (file == NULL) {
        message("%s: cannot be read: %s", path, strerror(errno));
        return -1;
    }
    parse(&r, file);
    (void)fclose(file);
    return r.wrong == 0 ? 0 : -1;
}

void cases_finish(struct cases *cases)
{
    for (size_t i = 0; i < cases->count; i++) {
        struct test_case *c = &cases->item[i];

        free(c->name);
        free(c->task);
        free(c->args);
        free(c->result);
        free(c->error);
        free(c->timeout);
    }
    free(cases->item);
    *cases = (struct cases){0};
}
