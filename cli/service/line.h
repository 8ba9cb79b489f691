/* line.h - JSON-RPC's lines, as a caller of a service sends and reads them. */
#ifndef SOPOOL_CLI_SERVICE_LINE_H
#define SOPOOL_CLI_SERVICE_LINE_H

#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

/* All of it: 0, or -1 and errno. */
int line_send(int fd, const char *data, size_t size);

/* The answer to the request of that id, the caller's to put. NULL and errno:
 * ECONNRESET if the service ended first, EPROTO if it is to something else. */
json_object *line_answer(int fd, int64_t id);

/* The string that is the object's member; "" if it is none. */
const char *line_text(json_object *object, const char *name);

#endif
