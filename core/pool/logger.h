/* logger.h - what workers print: a thread of its own reads their pipes and
 * writes whole lines to standard error, so that one who does not read them
 * holds up nobody but the workers that print. */
#ifndef SOPOOL_POOL_LOGGER_H
#define SOPOOL_POOL_LOGGER_H

#include "sopool.h"

struct logger;

struct logger *logger_start(sopool_error *err);

/* Reads from a worker's pipe until nobody writes to it; the descriptor is the
 * logger's from then on, also on failure. */
int logger_add(struct logger *logger, uint64_t id, int fd, sopool_error *err);

/* What that worker printed last, also what is in its pipe still; how many bytes
 * of it were put into `out`. */
size_t logger_last(struct logger *logger, uint64_t id, char *out, size_t room);

/* Nobody will ask for its last words any more. */
void logger_forget(struct logger *logger, uint64_t id);

/* Writes what is in the pipes still, for a second at most, and ends. */
void logger_stop(struct logger *logger);

#endif
