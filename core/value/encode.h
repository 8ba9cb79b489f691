/* encode.h - the codec's writer over a growing buffer. */
#ifndef SOPOOL_VALUE_ENCODE_H
#define SOPOOL_VALUE_ENCODE_H

#include <sopool/cbor.h>

#include "base/buf.h"

/* A writer that appends to the buffer and grows it. Until buf_written the
 * buffer's size is not up to date, and nobody else may use it. */
sopool_writer buf_writer(struct buf *b);

/* Ends the writing: 0, or -1 when there was no memory (the buffer is then as it
 * was, but for its capacity). */
int buf_written(struct buf *b, const sopool_writer *w);

#endif
