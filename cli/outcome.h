/* outcome.h - a call's result or failure as a JSON object. */
#ifndef SOPOOL_CLI_OUTCOME_H
#define SOPOOL_CLI_OUTCOME_H

#include <sopool.h>

#include "input.h"
#include "output.h"

/* {"result": ...}, or {"error": {...}} if `err` is not NULL, and a newline.
 * `index`: where the input stood, or NULL to leave that out; `input`: the input
 * itself, or NULL. */
void outcome_json(struct output *out, const uint64_t *index,
                  const struct line *input, const void *item, size_t size,
                  const sopool_error *err);

/* A failure as an object: {"code": "died", "message": ..., ...}. */
void outcome_error(struct output *out, const sopool_error *err);

#endif
