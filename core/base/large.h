/* large.h - large blocks of memory, of which a few are kept when they are
 * freed: to make their pages anew takes the kernel longer than to fill them.
 */
#ifndef SOPOOL_BASE_LARGE_H
#define SOPOOL_BASE_LARGE_H

#include <stddef.h>

enum { LARGE_LEAST = 1 << 20 }; /* for less, malloc() does as well */

/* At least `size` bytes, which are not cleared; `room` gets how many it is.
 * NULL when there is no memory. By any thread, as is freeing. */
void *large_alloc(size_t size, size_t *room);
void large_free(void *block, size_t room);

#endif
