/* relay.c - see relay.h. */
#include "service/relay.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>
#include <sopool/abi.h>

#include "base64.h"
#include "message.h"
#include "service/address.h"
#include "service/described.h"
#include "service/line.h"
#include "status.h"

enum { THREADS_MOST = 64 };

/* A connection that no call uses at the moment. */
struct line_out {
    int fd;
    struct line_out *next;
};

/* The one task, and the service that has it. Never freed: threads that were
 * given up may use it to the end. */
static struct {
    pthread_mutex_t lock;
    struct line_out *idle; /* under the lock */
    struct described described;
    const char *method;
    int64_t timeout_ms; /* of a call, in the service; 0: none of ours */
    atomic_int_least64_t next_id;
    sopool_task task;
} relay = {.lock = PTHREAD_MUTEX_INITIALIZER, .next_id = 1};

/* ---- connections ------------------------------------------------------- */

/* `kept`: it was used before, and may have been closed meanwhile. */
static int take_connection(bool *kept)
{
    struct line_out *idle;
    int fd;

    (void)pthread_mutex_lock(&relay.lock);
    idle = relay.idle;
    if (idle != NULL)
        relay.idle = idle->next;
    (void)pthread_mutex_unlock(&relay.lock);
    *kept = idle != NULL;
    if (idle == NULL)
        return address_reconnect(&relay.described.address);
    fd = idle->fd;
    free(idle);
    return fd;
}

static void keep_connection(int fd)
{
    struct line_out *idle = malloc(sizeof(*idle));

    if (idle == NULL) {
        (void)close(fd);
        return;
    }
    idle->fd = fd;
    (void)pthread_mutex_lock(&relay.lock);
    idle->next = relay.idle;
    relay.idle = idle;
    (void)pthread_mutex_unlock(&relay.lock);
}

/* Sends a request of that id and reads the answer, the caller's to put. NULL
 * and errno. */
static json_object *ask(const char *request, size_t size, int64_t id)
{
    bool kept, sent;
    int fd = take_connection(&kept), error;
    json_object *answer;

    sent = fd >= 0 && line_send(fd, request, size) == 0;
    if (fd >= 0 && !sent && kept) {
        (void)close(fd);
        fd = address_reconnect(&relay.described.address);
        sent = fd >= 0 && line_send(fd, request, size) == 0;
    }
    if (fd < 0)
        return NULL;
    answer = line_answer(fd, id); /* which may say why it did not read all */
    error = errno;
    if (sent && answer != NULL)
        keep_connection(fd);
    else
        (void)close(fd);
    errno = error;
    return answer;
}

/* ---- a call ------------------------------------------------------------ */

static int32_t fail(sopool_call *call, const char *reason)
{
    call->host->fail(call, reason, strlen(reason));
    return SOPOOL_FAILED;
}

static int32_t fail_system(sopool_call *call)
{
    const char *why = errno == ECONNRESET || errno == EPIPE
                          ? "it ended before it answered"
                      : errno == EPROTO ? "its answer is to something else"
                                        : strerror(errno);
    char reason[512];

    (void)snprintf(reason, sizeof(reason),
                   "no answer from the service at %s: %s",
                   relay.described.address.sun_path, why);
    return fail(call, reason);
}

static char *make_request(const uint8_t *args, size_t size, int64_t id,
                          size_t *out_size)
{
    size_t room = strlen(relay.method) + 256 + (size + 2) / 3 * 4;
    char *request = malloc(room), limit[64] = "";
    int head;

    if (request == NULL)
        return NULL;
    if (relay.timeout_ms > 0)
        (void)snprintf(limit, sizeof(limit), "\"timeout_ms\":%" PRId64 ",",
                       relay.timeout_ms);
    head = snprintf(request, room,
                    "{\"jsonrpc\":\"2.0\",\"id\":%" PRId64
                    ",\"method\":\"%s\",%s\"cbor\":\"",
                    id, relay.method, limit);
    *out_size = (size_t)head;
    *out_size += base64_encode(args, size, request + head);
    memcpy(request + *out_size, "\"}\n", 3);
    *out_size += 3;
    return request;
}

/* The pool checks what the service has sent. */
static int32_t give_result(sopool_call *call, json_object *cbor)
{
    size_t size = (size_t)json_object_get_string_len(cbor);
    uint8_t *room = call->host->reserve(call, size / 4 * 3 + 3);

    if (room == NULL)
        return fail(call, "no memory for the result");
    size = base64_decode(json_object_get_string(cbor), size, room);
    if (size == SIZE_MAX || call->host->result(call, room, size) != 0)
        return fail(call, "the service's answer is no result");
    return SOPOOL_OK;
}

static int32_t take_answer(sopool_call *call, json_object *answer)
{
    json_object *cbor, *error;

    if (json_object_object_get_ex(answer, "cbor", &cbor) &&
        json_object_get_type(cbor) == json_type_string)
        return give_result(call, cbor);
    if (json_object_object_get_ex(answer, "error", &error) &&
        json_object_get_type(error) == json_type_object)
        return fail(call, line_text(error, "message"));
    return fail(call, "the service's answer is none of JSON-RPC 2.0");
}

static int32_t run(sopool_call *call, const uint8_t *args, uint64_t size)
{
    int64_t id = atomic_fetch_add(&relay.next_id, 1);
    size_t request_size;
    char *request = make_request(args, (size_t)size, id, &request_size);
    json_object *answer;
    int32_t status;

    if (request == NULL)
        return fail(call, "no memory for the arguments");
    answer = ask(request, request_size, id);
    free(request);
    if (answer == NULL)
        return fail_system(call);
    status = take_answer(call, answer);
    json_object_put(answer);
    return status;
}

/* ---- the task ---------------------------------------------------------- */

/* "group.name" of the task, which lives as long as what the service said. */
static int register_task(sopool_options *options, const sopool_task_info *task)
{
    const char *dot = strchr(task->name, '.');
    char *group = strndup(task->name, (size_t)(dot - task->name));
    sopool_error err;
    int status;

    if (group == NULL) {
        message("out of memory");
        return EXIT_FAILED;
    }
    relay.method = task->name;
    relay.task = (sopool_task){
        .size = sizeof(relay.task),
        /* The others are about the worker, which is the service's. */
        .flags = task->flags & (SOPOOL_PURE | SOPOOL_IDEMPOTENT),
        .name = dot + 1,
        .signature = task->signature,
        .doc = task->doc,
        .run = run,
    };
    status = sopool_register(options, group, &relay.task, &err);
    free(group);
    if (status == 0)
        return EXIT_GOOD;
    message("the service's task %s: %s", relay.method, err.message);
    return EXIT_FAILED;
}

/* As many threads as keep the service's workers busy: while one call is under
 * way to a worker, its next one waits in the service. */
static int set_threads(sopool_options *options)
{
    uint32_t count = relay.described.processes;
    char text[16];

    count = count < 1 ? 1 : count > THREADS_MOST / 2 ? THREADS_MOST / 2 : count;
    (void)snprintf(text, sizeof(text), "%" PRIu32, 2 * count);
    return sopool_options_set(options, "processes", text, NULL);
}

int relay_options(sopool_options *options, const struct settings *settings,
                  int64_t timeout_ms, const char *task)
{
    const sopool_task_info *found;

    relay.timeout_ms = timeout_ms;
    if (described_ask(&relay.described, settings->service) != 0)
        return EXIT_FAILED;
    found = described_find(&relay.described, task);
    if (found == NULL)
        return EXIT_USAGE;
    if (sopool_options_set(options, "start_method", "thread", NULL) != 0 ||
        set_threads(options) != 0) {
        message("out of memory");
        return EXIT_FAILED;
    }
    return register_task(options, found);
}
