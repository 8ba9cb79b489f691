/* error.h - filling in a sopool_error.
 *
 * An error is set once, where the failure happens, and prefixed on the way up.
 * Every function here accepts a NULL error and does nothing then.
 */
#ifndef SOPOOL_BASE_ERROR_H
#define SOPOOL_BASE_ERROR_H

#include "sopool.h"

/* Sets code and message; the rest is cleared. Returns -1, so that a caller can
 * fail in one statement. */
int error_set(sopool_error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with the current errno, which is also appended to the message:
 * "cannot open x: No such file or directory". ENOMEM, EMFILE, ENFILE and
 * EAGAIN give SOPOOL_E_NOMEM, all else SOPOOL_E_SYSTEM. */
int error_errno(sopool_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* No memory. Returns -1. */
int error_nomem(sopool_error *err);

/* Puts text before the message. Returns -1. */
int error_prefix(sopool_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
