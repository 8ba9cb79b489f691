/* yamljson.h - a value in YAML as JSON text, so that it goes wherever JSON
 * goes. Plain words are what YAML 1.2's JSON schema makes of them (null, true,
 * false, numbers), and else, as all that is quoted, strings. */
#ifndef SOPOOL_CLI_YAMLJSON_H
#define SOPOOL_CLI_YAMLJSON_H

#include <yaml.h>

/* The caller's to free(). NULL: `why` says why not, `where` is the node that is
 * at fault. */
char *yaml_json(yaml_document_t *doc, yaml_node_t *node, const char **why,
                yaml_node_t **where);

#endif
