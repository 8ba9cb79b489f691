/* relay.c - see relay.h. */
#include "service/relay.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <json-c/json.h>
#include <sopool/abi.h>

#include "base64.h"
#include "message.h"
#include "near.h"
#include "room.h"
#include "service/address.h"
#include "status.h"
#include "taskjson.h"

enum {
    READ_SIZE = 16384,
    ANSWER_MOST = 1 << 30, /* bytes */
    THREADS_MOST = 64,
};

/* A connection that no call uses at the moment. */
struct line_out {
    int fd;
    struct line_out *next;
};

/* The one task, and the service that has it. Never freed: threads that were
 * given up may use it to the end. */
static struct {
    struct sockaddr_un address;
    pthread_mutex_t lock;
    struct line_out *idle; /* under the lock */
    json_object *described;
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
        return address_reconnect(&relay.address);
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

static int send_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);

        if (sent < 0 && errno != EINTR)
            return -1;
        if (sent > 0) {
            data += sent;
            size -= (size_t)sent;
        }
    }
    return 0;
}

/* Reads one line, the caller's to free, without its newline. NULL and errno:
 * ECONNRESET if the service ended first. */
static char *read_line(int fd)
{
    char *line = NULL;
    size_t room = 0, size = 0;
    ssize_t got = 0;

    while (size < ANSWER_MOST &&
           room_for(&line, &room, size + READ_SIZE + 1) == 0) {
        got = recv(fd, line + size, READ_SIZE, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        size += (size_t)got;
        if (line[size - 1] == '\n') {
            line[size - 1] = '\0';
            return line;
        }
    }
    free(line);
    errno = got == 0 ? ECONNRESET : got > 0 ? ENOMEM : errno;
    return NULL;
}

/* The answer to the request of that id, the caller's to put. NULL and errno. */
static json_object *read_answer(int fd, int64_t id)
{
    char *line = read_line(fd);
    json_object *answer, *member = NULL;

    if (line == NULL)
        return NULL;
    answer = json_tokener_parse(line);
    free(line);
    if (json_object_get_type(answer) == json_type_object)
        (void)json_object_object_get_ex(answer, "id", &member);
    /* What could not be read as a request is answered without its id. */
    if (json_object_get_type(answer) == json_type_object &&
        (member == NULL || json_object_get_int64(member) == id))
        return answer;
    json_object_put(answer);
    errno = EPROTO;
    return NULL;
}

/* Sends a request of that id and reads the answer, the caller's to put. NULL
 * and errno. */
static json_object *ask(const char *request, size_t size, int64_t id)
{
    bool kept, sent;
    int fd = take_connection(&kept), error;
    json_object *answer;

    sent = fd >= 0 && send_all(fd, request, size) == 0;
    if (fd >= 0 && !sent && kept) {
        (void)close(fd);
        fd = address_reconnect(&relay.address);
        sent = fd >= 0 && send_all(fd, request, size) == 0;
    }
    if (fd < 0)
        return NULL;
    answer = read_answer(fd, id); /* which may say why it did not read all */
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
                   relay.address.sun_path, why);
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

static const char *text_of(json_object *from, const char *key)
{
    json_object *text;

    return json_object_object_get_ex(from, key, &text) &&
                   json_object_get_type(text) == json_type_string
               ? json_object_get_string(text)
               : "";
}

static int32_t take_answer(sopool_call *call, json_object *answer)
{
    json_object *cbor, *error;

    if (json_object_object_get_ex(answer, "cbor", &cbor) &&
        json_object_get_type(cbor) == json_type_string)
        return give_result(call, cbor);
    if (json_object_object_get_ex(answer, "error", &error) &&
        json_object_get_type(error) == json_type_object)
        return fail(call, text_of(error, "message"));
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

/* What the service says of itself, the caller's to put: NULL after a message.
 */
static json_object *describe(const char *service)
{
    static const char request[] =
        "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"rpc.describe\"}\n";
    json_object *answer, *result = NULL;
    int fd = address_connect(&relay.address, service);

    if (fd < 0)
        return NULL;
    keep_connection(fd);
    answer = ask(request, sizeof(request) - 1, 0);
    if (answer == NULL && errno != EPROTO) {
        message("no answer from the service at %s: %s", relay.address.sun_path,
                errno == ECONNRESET ? "it ended" : strerror(errno));
        return NULL;
    }
    if (json_object_object_get_ex(answer, "result", &result) &&
        json_object_get_type(result) == json_type_object) {
        (void)json_object_get(result);
    } else {
        message("what listens at %s is no service of sopool",
                relay.address.sun_path);
        result = NULL;
    }
    json_object_put(answer);
    return result;
}

static int no_such_task(const char *service, json_object *tasks,
                        const char *task)
{
    size_t count = json_object_array_length(tasks);
    const char **names = calloc(count + 1, sizeof(*names)), *near = NULL;
    char shown[64] = "";

    for (size_t i = 0; names != NULL && i < count; i++)
        names[i] = text_of(json_object_array_get_idx(tasks, i), "name");
    if (names != NULL)
        near = near_word(task, names, count);
    if (near != NULL)
        (void)message_text(near, strlen(near), shown, sizeof(shown));
    message("the service %s has no task '%.100s'%s%s%s", service, task,
            near != NULL ? "; did you mean '" : "", shown,
            near != NULL ? "'?" : "");
    free(names);
    return EXIT_USAGE;
}

/* But for those that are about the worker, which is the service's. */
static uint32_t flags_of(json_object *task)
{
    json_object *flags;
    uint32_t found = 0;

    if (!json_object_object_get_ex(task, "flags", &flags) ||
        json_object_get_type(flags) != json_type_array)
        return 0;
    for (size_t i = 0; i < json_object_array_length(flags); i++) {
        const char *name =
            json_object_get_string(json_object_array_get_idx(flags, i));

        for (size_t k = 0; name != NULL && k < TASK_FLAGS; k++)
            if (strcmp(name, task_flags[k].name) == 0)
                found |= task_flags[k].flag;
    }
    return found & (SOPOOL_PURE | SOPOOL_IDEMPOTENT);
}

static json_object *find_task(json_object *tasks, const char *name)
{
    for (size_t i = 0; i < json_object_array_length(tasks); i++) {
        json_object *task = json_object_array_get_idx(tasks, i);

        if (strcmp(text_of(task, "name"), name) == 0)
            return task;
    }
    return NULL;
}

/* "group.name" of the task, which lives as long as what the service said. */
static int register_task(sopool_options *options, json_object *task)
{
    const char *dot;
    char *group;
    sopool_error err;
    int status;

    relay.method = text_of(task, "name");
    dot = strchr(relay.method, '.');
    group = dot != NULL ? strndup(relay.method, (size_t)(dot - relay.method))
                        : NULL;
    if (group == NULL) {
        message("the service's tasks cannot be read");
        return EXIT_FAILED;
    }
    relay.task = (sopool_task){
        .size = sizeof(relay.task),
        .flags = flags_of(task),
        .name = dot + 1,
        .signature = text_of(task, "signature"),
        .doc = text_of(task, "doc"),
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
static int set_threads(sopool_options *options, json_object *described)
{
    json_object *processes;
    int32_t count = 1;
    char text[16];

    if (json_object_object_get_ex(described, "processes", &processes))
        count = json_object_get_int(processes);
    count = count < 1 ? 1 : count > THREADS_MOST / 2 ? THREADS_MOST / 2 : count;
    (void)snprintf(text, sizeof(text), "%d", 2 * count);
    return sopool_options_set(options, "processes", text, NULL);
}

int relay_options(sopool_options *options, const struct settings *settings,
                  int64_t timeout_ms, const char *task)
{
    json_object *tasks, *found;

    relay.timeout_ms = timeout_ms;
    relay.described = describe(settings->service);
    if (relay.described == NULL)
        return EXIT_FAILED;
    if (!json_object_object_get_ex(relay.described, "tasks", &tasks) ||
        json_object_get_type(tasks) != json_type_array) {
        message("the service's tasks cannot be read");
        return EXIT_FAILED;
    }
    found = find_task(tasks, task);
    if (found == NULL)
        return no_such_task(settings->service, tasks, task);
    if (sopool_options_set(options, "start_method", "thread", NULL) != 0 ||
        set_threads(options, relay.described) != 0) {
        message("out of memory");
        return EXIT_FAILED;
    }
    return register_task(options, found);
}
