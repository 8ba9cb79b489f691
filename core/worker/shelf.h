/* shelf.h - buffers of the program that a worker keeps mapped, so that the next
 * call that reads one finds its pages there.
 *
 * There are a few places, and the pool says what goes where. Each has a page of
 * the worker's own in front of the buffer's: a call's arguments are one range
 * of bytes, and what comes before the bytes in the buffer is written there.
 */
#ifndef SOPOOL_WORKER_SHELF_H
#define SOPOOL_WORKER_SHELF_H

#include <stddef.h>
#include <stdint.h>

#include "channel/channel.h"

/* In the channel, of a call whose arguments end in a buffer; behind it stands
 * what comes before the bytes there. */
struct lent_args {
    uint64_t warm;      /* the memory for the result (warm.h), or 0 */
    uint64_t number;    /* of the buffer */
    uint64_t size;      /* bytes of it, from its beginning on */
    uint32_t place;     /* where the worker has it, or gets it */
    uint32_t head_size; /* bytes that follow */
};

enum { SHELF_HEAD = 4096 }; /* most bytes of that */

struct shelf {
    struct shelved {
        uint64_t number; /* of the buffer that was put there; 0: none */
        uint8_t *at;     /* owned mapping of all, or NULL */
        size_t size;     /* bytes of it */
    } place[CHANNEL_PLACES];
};

/* Maps the buffer that came with that number, instead of what there was. When
 * there is no memory, `at` is NULL. */
void shelf_put(struct shelf *shelf, uint32_t place, uint64_t number, int fd);
void shelf_drop(struct shelf *shelf, uint32_t place);

/* A call's arguments with that head, whole: where they are, or NULL if there is
 * no such buffer. They stay until the next call. */
const uint8_t *shelf_args(struct shelf *shelf, const struct lent_args *lent,
                          const uint8_t *head);

void shelf_finish(struct shelf *shelf);

#endif
