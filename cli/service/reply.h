/* reply.h - what a client gets: a line for each request, an answer of JSON-RPC
 * 2.0. */
#ifndef SOPOOL_CLI_SERVICE_REPLY_H
#define SOPOOL_CLI_SERVICE_REPLY_H

#include <sopool.h>

#include "output.h"

/* A call's result, one CBOR item: as JSON, or as it is in base64. */
void reply_result(struct output *out, const char *id, bool cbor,
                  const void *item, size_t size);

/* Why there is none. `id` may be NULL: it is not known; `data`: the whole error
 * is told, not its message alone. */
void reply_error(struct output *out, const char *id, int code,
                 const sopool_error *err, bool data);

/* Of "rpc.describe": what the service is, and the tasks that it has. */
void reply_describe(struct output *out, const char *id, const char *name,
                    uint32_t processes, const sopool_catalog *catalog);

/* Of "rpc.stats": what its pool has done, and how many clients there are. */
void reply_stats(struct output *out, const char *id, const sopool_stats *stats,
                 size_t clients);

/* The code of JSON-RPC that goes with a sopool_code. */
int reply_code(int code);

#endif
