/* request.h - what a line from a client asks for: a request of JSON-RPC 2.0
 * (https://www.jsonrpc.org/specification). */
#ifndef SOPOOL_CLI_SERVICE_REQUEST_H
#define SOPOOL_CLI_SERVICE_REQUEST_H

#include <stddef.h>

#include <sopool.h>

#include "json.h"

/* The error codes of JSON-RPC that are used here. */
enum {
    RPC_PARSE = -32700,   /* it is no JSON */
    RPC_REQUEST = -32600, /* it is no request */
    RPC_METHOD = -32601,  /* there is no such task */
    RPC_PARAMS = -32602,  /* the arguments do not fit it */
    RPC_FAILED = -32000,  /* the call failed */
};

struct request {
    struct json_object *tree;   /* the whole; owned */
    struct json_object *params; /* an array or object in it, or NULL: none */
    const char *method;
    const char *cbor; /* the arguments as CBOR in base64 instead, or NULL */
    size_t cbor_size;
    int64_t timeout_ms; /* of the call; 0: as the pool has it */
    char *id;           /* as JSON; owned; NULL: nobody wants an answer */
};

/* Reads one: 0, or the code of what is wrong with it, which the error says. To
 * be finished in any case; of a request that is wrong it has the id, if it has
 * one. */
int request_read(struct request *request, struct json *json, const char *text,
                 size_t size, sopool_error *err);
void request_finish(struct request *request);

#endif
