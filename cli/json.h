/* json.h - from JSON text to CBOR, as the types of a task's parameters ask.
 *
 * Bytes are {"base64": "..."}, or for a parameter that takes bytes a string,
 * whose UTF-8 it is. What JSON leaves open is refused: a key that stands twice
 * in an object, a number that does not fit.
 */
#ifndef SOPOOL_CLI_JSON_H
#define SOPOOL_CLI_JSON_H

#include <sopool.h>
#include <sopool/cbor.h>

struct json;
struct json_object; /* of the library json-c */

struct json *json_new(void); /* NULL: no memory */
void json_free(struct json *json);

/* Adds the value that the text is, as one of a type (a sopool_type). The error
 * says what is wrong with it. */
int json_value(struct json *json, int type, const char *text, size_t size,
               sopool_writer *out, sopool_error *err);

/* Adds the list of all arguments of a task's call. Those that are given (one
 * writer for each parameter; of size 0: it is not) stand as they are; the text
 * has the others: an object with them by the parameters' names (and whatever
 * else), or if `list` an array of them in order, or else the one that is left.
 * An object that this one can itself be is it. */
int json_arguments(struct json *json, const sopool_task_info *task,
                   const sopool_writer *given, bool list, const char *text,
                   size_t size, sopool_writer *out, sopool_error *err);

/* A text's value as a tree of the library, the caller's to put; NULL is also
 * the value null. The error says what is wrong with the text. */
int json_read(struct json *json, const char *text, size_t size,
              struct json_object **tree, sopool_error *err);

/* Adds the list of all arguments of a task's call, from an array of them or an
 * object of them by name (NULL: none) that json_read has given. */
int json_call(struct json *json, const sopool_task_info *task,
              struct json_object *params, sopool_writer *out,
              sopool_error *err);

#endif
