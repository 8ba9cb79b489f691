/* stream.h - what an iterator needs of its stream beyond sopool.h. */
#ifndef SOPOOL_POOL_STREAM_H
#define SOPOOL_POOL_STREAM_H

#include "sopool.h"

struct sopool_pool;

/* With the pool's lock, when it has finished: no stream's end waits any more.
 */
void streams_wake(struct sopool_pool *pool);

/* From now on the window is as small as the workers can do with. */
void stream_be_lazy(sopool_stream *stream);

/* Hands over what waits for its chunk to fill up, if there is room now. */
int stream_flush_now(sopool_stream *stream);

#endif
