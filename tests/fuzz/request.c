/* request.c - fuzzes what a client may send to a service: a line. What is taken
 * for a request has arguments that are values, or is told what is wrong with
 * it, and the answer is JSON whatever its id was. */
#include "fuzz.h"

#include <string.h>

#include <json-c/json.h>

#include "service/reply.h"
#include "service/request.h"
#include "session.h"

enum { ROOM = 1 << 17 };

/* The command ends there; here nothing is ever written. */
void session_cannot_write(int error)
{
    (void)error;
    abort();
}

void session_pipe_closed(void)
{
    abort();
}

static const sopool_param params[] = {
    {"flag", SOPOOL_BOOL},  {"n", SOPOOL_I64},     {"u", SOPOOL_U64},
    {"x", SOPOOL_F64},      {"text", SOPOOL_STR},  {"data", SOPOOL_BYTES},
    {"items", SOPOOL_LIST}, {"pairs", SOPOOL_MAP}, {"any", SOPOOL_ANY},
};

/* A task with some of the parameters, which the method's length chooses. */
static sopool_task_info task_of(const struct request *request)
{
    size_t count = sizeof(params) / sizeof(params[0]);
    size_t first = strlen(request->method) % count;

    return (sopool_task_info){.name = "fuzz.task",
                              .signature = "(...) -> any",
                              .params = params + first,
                              .param_count = count - first};
}

static void check_answer(struct json *json, const char *id, int code,
                         const sopool_error *err)
{
    static struct output out = {.fd = -1};
    json_object *tree;
    sopool_error why;

    out.size = 0;
    reply_error(&out, id, code, err, true);
    must(out.size > 0 && out.data[out.size - 1] == '\n');
    must(memchr(out.data, '\n', out.size - 1) == NULL);
    must(json_read(json, out.data, out.size, &tree, &why) == 0);
    json_object_put(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct json *json;
    static uint8_t item[ROOM];
    sopool_writer w = sopool_writer_of(item, sizeof(item));
    sopool_error err = {0};
    struct request request;
    sopool_task_info task;
    int code;

    if (json == NULL)
        json = json_new();
    if (json == NULL || size > ROOM / 32 || memchr(data, '\n', size) != NULL)
        return 0;
    code = request_read(&request, json, (const char *)data, size, &err);
    if (code == 0 && request.cbor == NULL) {
        task = task_of(&request);
        if (json_call(json, &task, request.params, &w, &err) == 0)
            must(sopool_cbor_check(item, w.size) == NULL);
        else
            code = RPC_PARAMS;
    }
    if (code != 0) {
        must(err.message[0] != '\0');
        check_answer(json, request.id, code, &err);
    }
    request_finish(&request);
    return 0;
}
