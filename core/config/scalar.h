/* scalar.h - a YAML scalar as a CBOR value, by the core schema of YAML 1.2. */
#ifndef SOPOOL_CONFIG_SCALAR_H
#define SOPOOL_CONFIG_SCALAR_H

#include <stdbool.h>
#include <stddef.h>

#include <sopool/cbor.h>

/* Writes a scalar: `plain` ones may be null, a bool or a number, quoted ones
 * are text. */
void scalar_put(sopool_writer *w, const char *text, size_t size, bool plain);

#endif
