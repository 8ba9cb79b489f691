/* outcome.h - a settled call as its caller sees it: a checked result or an
 * error. */
#ifndef SOPOOL_POOL_OUTCOME_H
#define SOPOOL_POOL_OUTCOME_H

#include "pool/pool.h"

/* Are these bytes a result of the task? Without the lock, as all here. */
int outcome_check(const struct sopool_pool *pool, uint32_t task,
                  const void *item, size_t size, sopool_error *err);

/* The result's bytes, checked against the task's signature: NULL and the error
 * if there is none. Without the lock. */
const void *outcome_read(struct sopool_pool *pool, struct batch *batch,
                         uint32_t index, size_t *size, sopool_error *err);

/* The result as a value of the caller's own. */
sopool_value *outcome_value(struct sopool_pool *pool, struct batch *batch,
                            uint32_t index, sopool_error *err);

/* All results of an eager batch in which none failed, as one list. */
sopool_value *outcome_list(struct batch *batch, sopool_error *err);

#endif
