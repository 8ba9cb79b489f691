/* value.h - results that programs own: one CBOR item each. */
#ifndef SOPOOL_VALUE_VALUE_H
#define SOPOOL_VALUE_VALUE_H

#include <stdint.h>

#include "sopool.h"

/* A copy of the bytes; NULL when there is no memory. */
sopool_value *value_copy(const void *item, size_t size);

/* The same of up to VALUE_SHORT bytes, for speed: so many can be read there. */
enum { VALUE_SHORT = 14 };
sopool_value *value_short(const void *item, size_t size);

/* A value of that many bytes, which the caller is to fill before anybody sees
 * it; NULL when there is no memory. */
sopool_value *value_blank(size_t size, uint8_t **bytes);

/* The item of `size` bytes at `offset` of a mapping, which the value owns from
 * then on; NULL (the mapping is the caller's still) when there is no memory. */
sopool_value *value_mapped(void *map, size_t map_size, size_t offset,
                           size_t size);

/* The same value once more: it is freed as often as it was got. A value does
 * not change, so threads may share it. */
sopool_value *value_share(sopool_value *value);

#endif
