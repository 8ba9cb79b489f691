/* request.c - see request.h. */
#include "service/request.h"

#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "message.h"

enum { TO_JSON = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE };

/* Bytes that parts of a text take in memory, near enough. */
enum {
    WEIGHT_MAP = 1024,
    WEIGHT_LIST = 512,
    WEIGHT_ITEM = 128,
    WEIGHT_MOST = 512 * 1024 * 1024,
};

static int refuse(sopool_error *err, const char *why)
{
    (void)message_refuse(err, "%s", why);
    return RPC_REQUEST;
}

static int take_id(struct request *request, sopool_error *err)
{
    json_object *id;
    json_type type;

    if (!json_object_object_get_ex(request->tree, "id", &id))
        return 0;
    type = json_object_get_type(id);
    if (type != json_type_null && type != json_type_int &&
        type != json_type_double && type != json_type_string)
        return refuse(err, "\"id\" is neither a string nor a number nor null");
    request->id = strdup(json_object_to_json_string_ext(id, TO_JSON));
    if (request->id == NULL)
        return refuse(err, "out of memory");
    return 0;
}

static int take_method(struct request *request, sopool_error *err)
{
    json_object *version, *method;

    if (!json_object_object_get_ex(request->tree, "jsonrpc", &version) ||
        json_object_get_type(version) != json_type_string ||
        strcmp(json_object_get_string(version), "2.0") != 0)
        return refuse(err, "a request has \"jsonrpc\": \"2.0\"");
    if (!json_object_object_get_ex(request->tree, "method", &method) ||
        json_object_get_type(method) != json_type_string)
        return refuse(err, "a request has a \"method\": the name of a task");
    request->method = json_object_get_string(method);
    return 0;
}

static int take_params(struct request *request, sopool_error *err)
{
    json_object *cbor;
    json_type type;

    if (json_object_object_get_ex(request->tree, "cbor", &cbor)) {
        if (json_object_get_type(cbor) != json_type_string)
            return refuse(err, "\"cbor\" is no string");
        request->cbor = json_object_get_string(cbor);
        request->cbor_size = (size_t)json_object_get_string_len(cbor);
    }
    if (!json_object_object_get_ex(request->tree, "params", &request->params))
        return 0;
    if (request->cbor != NULL)
        return refuse(err, "a request has \"params\" or \"cbor\", not both");
    type = json_object_get_type(request->params);
    if (type != json_type_array && type != json_type_object)
        return refuse(err, "\"params\" is neither an array of arguments nor an "
                           "object of them by name");
    return 0;
}

static int take_timeout(struct request *request, sopool_error *err)
{
    json_object *timeout;

    if (!json_object_object_get_ex(request->tree, "timeout_ms", &timeout))
        return 0;
    request->timeout_ms = json_object_get_int64(timeout);
    if (json_object_get_type(timeout) == json_type_int &&
        request->timeout_ms > 0 && request->timeout_ms <= INT32_MAX)
        return 0;
    return refuse(err, "\"timeout_ms\" is not a whole number of milliseconds "
                       "above 0");
}

/* Is the text's tree too large? A few bytes of text make hundreds in memory. */
static bool is_heavy(const char *text, size_t size)
{
    size_t weight = 0;

    for (size_t i = 0; i < size; i++)
        weight += text[i] == '{'   ? WEIGHT_MAP
                  : text[i] == '[' ? WEIGHT_LIST
                  : text[i] == ',' ? WEIGHT_ITEM
                                   : 0;
    return weight > WEIGHT_MOST;
}

int request_read(struct request *request, struct json *json, const char *text,
                 size_t size, sopool_error *err)
{
    sopool_error why;
    int status;

    memset(request, 0, sizeof(*request));
    if (is_heavy(text, size))
        return refuse(err, "the request has too many lists, objects and items; "
                           "hand large data over as bytes, or by the path of "
                           "their file");
    if (json_read(json, text, size, &request->tree, &why) != 0) {
        (void)message_refuse(err, "the request %.900s", why.message);
        return RPC_PARSE;
    }
    if (json_object_get_type(request->tree) == json_type_array)
        return refuse(err, "a line is one request; instead of an array of "
                           "them, send a line for each");
    if (json_object_get_type(request->tree) != json_type_object)
        return refuse(err, "a request is an object");
    status = take_id(request, err);
    if (status == 0)
        status = take_method(request, err);
    if (status == 0)
        status = take_params(request, err);
    return status == 0 ? take_timeout(request, err) : status;
}

void request_finish(struct request *request)
{
    json_object_put(request->tree);
    free(request->id);
}
