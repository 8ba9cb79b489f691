/* logger.h - what workers print: a thread of its own reads their pipes and
 * writes whole lines to standard error, so that one who does not read them
 * holds up nobody but the workers that print. */
#ifndef SOPOOL_POOL_LOGGER_H
#define SOPOOL_POOL_LOGGER_H

#include "sopool.h"

struct logger;

struct logger *logger_start(sopool_error *err);

/* Reads from the pipe's end until nobody writes to it; the descriptor is the
 * logger's from then on, also on failure. */
int logger_add(struct logger *logger, int fd, sopool_error *err);

/* Writes what is in the pipes still, for a second at most, and ends. */
void logger_stop(struct logger *logger);

#endif
