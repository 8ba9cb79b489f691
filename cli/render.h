/* render.h - values as people and programs read them. */
#ifndef SOPOOL_CLI_RENDER_H
#define SOPOOL_CLI_RENDER_H

#include <stdint.h>

#include "output.h"

/* One CBOR item, checked, as compact JSON. Bytes are {"base64":"..."}, typed
 * arrays are arrays, what JSON has no number for is null. */
void render_json(struct output *out, const void *item, size_t size);

/* The same as plain text: strings and bytes as they are, null as nothing, lists
 * and maps as JSON. */
void render_text(struct output *out, const void *item, size_t size);

/* Bytes as base64, without quotes. */
void render_base64(struct output *out, const void *data, size_t size);

/* Text as a JSON string; what is not UTF-8 in it becomes U+FFFD. */
void render_string(struct output *out, const void *text, size_t size);

/* A member of an object and a comma: "key":"text", or null for NULL. */
void render_member(struct output *out, const char *key, const char *text);

#endif
