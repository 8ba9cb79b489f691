/* memory.h - an output that becomes a text in memory. */
#ifndef SOPOOL_CLI_MEMORY_H
#define SOPOOL_CLI_MEMORY_H

#include <stddef.h>

#include "output.h"

struct memory;

/* NULL: no memory. */
struct memory *memory_new(void);

/* Where to write, until the end. */
struct output *memory_output(struct memory *memory);

/* Bytes so far. */
size_t memory_size(const struct memory *memory);

/* All that was written, the caller's to free(); NULL: no memory. */
char *memory_end(struct memory *memory);

/* One CBOR item, checked, as JSON; the same. */
char *memory_json(const void *item, size_t size);

#endif
