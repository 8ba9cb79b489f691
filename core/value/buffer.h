/* buffer.h - memory that the program fills and workers read in place: what
 * stands behind a sopool_buffer. See sopool.h.
 *
 * A buffer is a memory file that the program has mapped. Its seals let nobody
 * else map it to write, nor change its size: a worker that has the file can
 * read it and no more. The buffer itself stands on a page of its own in front
 * of the data, so that it is found from their address.
 *
 * Two counts keep it: who uses the data (the program, calls), and who only has
 * to know which buffer it is, and whether it is still there (the pools, for
 * their workers).
 */
#ifndef SOPOOL_VALUE_BUFFER_H
#define SOPOOL_VALUE_BUFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "sopool.h"

/* Is its memory such that workers can read it in place? */
bool buffer_is_shared(const sopool_buffer *buffer);

/* The buffer whose data begin there. */
const sopool_buffer *buffer_at(const void *data);

/* Its memory file, and a number that no other buffer of this process ever
 * has; not 0. */
int buffer_file(const sopool_buffer *buffer);
uint64_t buffer_number(const sopool_buffer *buffer);

/* One more, and one less, that uses the data. By any thread, with any lock. */
void buffer_ref(const sopool_buffer *buffer);
void buffer_unref(const sopool_buffer *buffer);

/* One more, and one less, that knows it; the data may go meanwhile. */
void buffer_know(const sopool_buffer *buffer);
void buffer_forget(const sopool_buffer *buffer);
bool buffer_is_gone(const sopool_buffer *buffer);

/* Is told when any buffer goes, by whichever thread had it last: it must take
 * no lock and do little. */
struct buffer_watcher {
    struct buffer_watcher *next;
    void (*gone)(struct buffer_watcher *watcher);
};
void buffer_watch(struct buffer_watcher *watcher);
void buffer_unwatch(struct buffer_watcher *watcher); /* also if it was not */

/* In a child of fork() that goes on without exec: it has none of them. */
void buffers_leave(void);

#endif
