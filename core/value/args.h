/* args.h - a call's arguments as bytes. */
#ifndef SOPOOL_VALUE_ARGS_H
#define SOPOOL_VALUE_ARGS_H

#include <sopool/cbor.h>

#include "base/buf.h"
#include "sopool.h"

/* Writes the arguments as one CBOR array; what does not fit makes the writer
 * fail. Texts are checked to be UTF-8, and what is given as CBOR to be within
 * the profile (SOPOOL_E_ARGS). */
int args_put(const sopool_args *args, sopool_writer *w, sopool_error *err);

/* A call whose last argument is a buffer from its beginning on, and large, can
 * be sent without these bytes: the buffer, or NULL if it is another call. What
 * comes before the bytes is ARGS_HEAD bytes at most then, and args_put_head
 * puts it; it checks the same as args_put. */
enum { ARGS_HEAD = 1024 };
const sopool_buffer *args_buffer(const sopool_args *args);
int args_put_head(const sopool_args *args, sopool_writer *w, sopool_error *err);

/* The bytes of that last argument. */
size_t args_buffer_size(const sopool_args *args);

/* How many bytes of text, bytes and CBOR there are in them. */
uint64_t args_payload(const sopool_args *args);

/* Appends a uint32_t with their size, then the arguments. `payload` is what
 * args_payload says. On failure the buffer is as it was. */
int args_frame(const sopool_args *args, uint64_t payload, struct buf *out,
               sopool_error *err);

/* Writes them to a file, from where its offset is: large texts and bytes go
 * there as they are, and are copied nowhere else. `size` gets how many bytes
 * were written, also on failure. */
int args_write(const sopool_args *args, int fd, uint64_t *size,
               sopool_error *err);

#endif
