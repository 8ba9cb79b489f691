/* args.h - a call's arguments as bytes. */
#ifndef SOPOOL_VALUE_ARGS_H
#define SOPOOL_VALUE_ARGS_H

#include "base/buf.h"
#include "sopool.h"

/* Appends the arguments as one CBOR array. Texts are checked to be UTF-8, and
 * what is given as CBOR to be within the profile (SOPOOL_E_ARGS); the buffer is
 * then as it was. */
int args_encode(const sopool_args *args, struct buf *out, sopool_error *err);

#endif
