/* yamljson.c - see yamljson.h. */
#include "yamljson.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "output.h"
#include "render.h"

/* An alias may name what it stands in: both bounds end that. */
enum { DEEPEST = 32, MOST = 16 * 1024 * 1024 };

struct conversion {
    yaml_document_t *doc;
    struct memory *memory;
    struct output *out; /* that memory's */
    const char *why;
    yaml_node_t *where;
};

static int refuse(struct conversion *c, yaml_node_t *node, const char *why)
{
    c->why = why;
    c->where = node;
    return -1;
}

/* ---- scalars ----------------------------------------------------------- */

static size_t digits(const char *at)
{
    return strspn(at, "0123456789");
}

/* A number as JSON writes it: -1, 0.5, 2e9. */
static bool is_number(const char *at)
{
    size_t whole;

    at += *at == '-';
    whole = digits(at);
    if (whole == 0 || (at[0] == '0' && whole > 1))
        return false;
    at += whole;
    if (*at == '.') {
        if (digits(at + 1) == 0)
            return false;
        at += 1 + digits(at + 1);
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '-' || *at == '+';
        if (digits(at) == 0)
            return false;
        at += digits(at);
    }
    return *at == '\0';
}

static int put_scalar(struct conversion *c, yaml_node_t *node)
{
    const char *text = (const char *)node->data.scalar.value;
    size_t size = node->data.scalar.length;
    bool plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

    if (plain && (size == 0 || strcmp(text, "~") == 0))
        output_text(c->out, "null");
    else if (plain && (strcmp(text, "null") == 0 || strcmp(text, "true") == 0 ||
                       strcmp(text, "false") == 0 || is_number(text)))
        output_bytes(c->out, text, size);
    else
        render_string(c->out, text, size);
    return 0;
}

/* ---- lists and mappings ------------------------------------------------ */

static int put_node(struct conversion *c, yaml_node_t *node, int depth);

static int put_at(struct conversion *c, int index, int depth)
{
    return put_node(c, yaml_document_get_node(c->doc, index), depth + 1);
}

static int put_list(struct conversion *c, yaml_node_t *node, int depth)
{
    yaml_node_item_t *first = node->data.sequence.items.start;

    output_byte(c->out, '[');
    for (yaml_node_item_t *i = first; i < node->data.sequence.items.top; i++) {
        if (i > first)
            output_byte(c->out, ',');
        if (put_at(c, *i, depth) != 0)
            return -1;
    }
    output_byte(c->out, ']');
    return 0;
}

static int put_mapping(struct conversion *c, yaml_node_t *node, int depth)
{
    yaml_node_pair_t *first = node->data.mapping.pairs.start;

    output_byte(c->out, '{');
    for (yaml_node_pair_t *i = first; i < node->data.mapping.pairs.top; i++) {
        yaml_node_t *key = yaml_document_get_node(c->doc, i->key);

        if (key == NULL || key->type != YAML_SCALAR_NODE)
            return refuse(c, key != NULL ? key : node,
                          "a key is a text, no list or mapping");
        if (i > first)
            output_byte(c->out, ',');
        render_string(c->out, key->data.scalar.value, key->data.scalar.length);
        output_byte(c->out, ':');
        if (put_at(c, i->value, depth) != 0)
            return -1;
    }
    output_byte(c->out, '}');
    return 0;
}

static int put_node(struct conversion *c, yaml_node_t *node, int depth)
{
    if (node == NULL)
        return refuse(c, NULL, "a value is missing");
    if (depth > DEEPEST)
        return refuse(c, node, "it is nested too deeply; allowed: 32 levels");
    if (memory_size(c->memory) > MOST)
        return refuse(c, node, "it is too large; allowed: 16 MiB");
    switch (node->type) {
    case YAML_SCALAR_NODE:
        return put_scalar(c, node);
    case YAML_SEQUENCE_NODE:
        return put_list(c, node, depth);
    case YAML_MAPPING_NODE:
        return put_mapping(c, node, depth);
    default:
        return refuse(c, node, "a value is missing");
    }
}

char *yaml_json(yaml_document_t *doc, yaml_node_t *node, const char **why,
                yaml_node_t **where)
{
    struct conversion c = {.doc = doc, .memory = memory_new()};
    char *text;
    int status;

    *why = "out of memory";
    *where = node;
    if (c.memory == NULL)
        return NULL;
    c.out = memory_output(c.memory);
    status = put_node(&c, node, 0);
    text = memory_end(c.memory);
    if (status == 0)
        return text;
    *why = c.why;
    if (c.where != NULL)
        *where = c.where;
    free(text);
    return NULL;
}
