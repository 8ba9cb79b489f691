/* frame.h - running pools as lines of text, for a terminal or a file. */
#ifndef SOPOOL_CLI_FRAME_H
#define SOPOOL_CLI_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include <sopool.h>

enum frame_kind { FRAME_TITLE, FRAME_POOL, FRAME_HEAD, FRAME_PLAIN };

enum { FRAME_WIDTH = 320, FRAME_POOLS = 256 };

struct frame_line {
    enum frame_kind kind;
    char text[FRAME_WIDTH];
};

/* What a pool had done when it was looked at last. */
struct frame_past {
    int64_t pid, opened_ns, up_ns;
    uint64_t ended;
};

struct frame {
    struct frame_line *line; /* owned */
    size_t count, room;
    struct frame_past past[FRAME_POOLS], seen[FRAME_POOLS];
    size_t past_count, seen_count;
};

/* Makes the lines of what sopool_status gave: 0, or -1 when there is no memory.
 * Rates are those since the frame was made before, or, of a pool that was not
 * in it, since the pool was opened. */
int frame_make(struct frame *frame, const sopool_value *pools);

void frame_finish(struct frame *frame);

#endif
