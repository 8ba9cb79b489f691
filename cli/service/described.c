/* described.c - see described.h. */
#include "service/described.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "message.h"
#include "name.h"
#include "near.h"
#include "service/address.h"
#include "service/line.h"
#include "taskjson.h"

/* A service answers this at once, however busy its workers are. */
enum { ANSWER_SECONDS = 30 };

/* ---- asking ------------------------------------------------------------ */

static json_object *ask(int fd)
{
    static const char request[] =
        "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"rpc.describe\"}\n";
    const struct timeval limit = {.tv_sec = ANSWER_SECONDS};

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    return line_send(fd, request, sizeof(request) - 1) == 0 ? line_answer(fd, 0)
                                                            : NULL;
}

static const char *reason(int error)
{
    if (error == ECONNRESET || error == EPIPE)
        return "it ended";
    if (error == EAGAIN)
        return "none in 30 seconds";
    return strerror(error);
}

/* The result of what it answers, which is ours to put; NULL after a message. */
static json_object *ask_service(struct described *out)
{
    int fd = address_connect(&out->address, out->service), error;
    json_object *answer, *result = NULL;

    if (fd < 0)
        return NULL;
    answer = ask(fd);
    error = errno;
    (void)close(fd);
    if (answer == NULL && error != EPROTO) {
        message("no answer from the service at %s: %s", out->address.sun_path,
                reason(error));
        return NULL;
    }
    (void)json_object_object_get_ex(answer, "result", &result);
    result = json_object_get_type(result) == json_type_object
                 ? json_object_get(result)
                 : NULL;
    if (result == NULL)
        message("what listens at %s is no service of sopool",
                out->address.sun_path);
    json_object_put(answer);
    return result;
}

/* ---- reading ----------------------------------------------------------- */

/* As plugins may have it: fit for a shell, too. */
static bool is_task_name(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot != NULL && name_fits(name, (size_t)(dot - name)) &&
           name_fits(dot + 1, strlen(dot + 1));
}

/* The text as messages show it, the caller's to free; NULL: no memory. */
static char *shown(const char *text)
{
    size_t size = strlen(text), room = 4 * size + 4;
    char *out = malloc(room);

    if (out != NULL)
        (void)message_text(text, size, out, room);
    return out;
}

/* Is it fit for a terminal as it is? */
static bool is_plain(const char *text)
{
    char *fit = shown(text);
    bool same = fit != NULL && strcmp(fit, text) == 0;

    free(fit);
    return same;
}

/* A text that may be anything, made fit to be shown. */
static const char *shown_text(json_object *from, const char *name)
{
    const char *text = line_text(from, name);
    char *fit = shown(text);
    bool good = fit != NULL;

    if (good && strcmp(fit, text) != 0)
        good = json_object_object_add(from, name,
                                      json_object_new_string(fit)) == 0;
    free(fit);
    return good ? line_text(from, name) : "";
}

/* A member that is an array; NULL: none. */
static json_object *array_of(json_object *from, const char *name)
{
    json_object *array;

    return json_object_object_get_ex(from, name, &array) &&
                   json_object_get_type(array) == json_type_array
               ? array
               : NULL;
}

static int type_of(json_object *from, const char *name)
{
    const char *text = line_text(from, name);

    for (int type = 0; type <= SOPOOL_ANY; type++)
        if (strcmp(sopool_type_name(type), text) == 0)
            return type;
    return SOPOOL_ANY;
}

static uint32_t flags_of(json_object *task)
{
    json_object *flags = array_of(task, "flags");
    uint32_t found = 0;

    for (size_t i = 0; flags != NULL && i < json_object_array_length(flags);
         i++) {
        const char *name =
            json_object_get_string(json_object_array_get_idx(flags, i));

        for (size_t k = 0; name != NULL && k < TASK_FLAGS; k++)
            if (strcmp(name, task_flags[k].name) == 0)
                found |= task_flags[k].flag;
    }
    return found;
}

static bool read_params(sopool_task_info *task, json_object *params,
                        sopool_param *to)
{
    task->params = to;
    task->param_count = params != NULL ? json_object_array_length(params) : 0;
    for (size_t i = 0; i < task->param_count; i++) {
        json_object *param = json_object_array_get_idx(params, i);

        to[i] = (sopool_param){.name = line_text(param, "name"),
                               .type = type_of(param, "type")};
        if (!name_fits(to[i].name, strlen(to[i].name)))
            return false;
    }
    return true;
}

/* False: it is none that plugins could have. */
static bool read_task(sopool_task_info *task, json_object *from,
                      sopool_param *params)
{
    *task = (sopool_task_info){
        .name = line_text(from, "name"),
        .plugin = line_text(from, "plugin"),
        .plugin_version = shown_text(from, "version"),
        .path = shown_text(from, "file"),
        .build_id = "",
        .signature = line_text(from, "signature"),
        .doc = shown_text(from, "doc"),
        .flags = flags_of(from),
        .result_type = type_of(from, "result"),
    };
    return is_task_name(task->name) &&
           name_fits(task->plugin, strlen(task->plugin)) &&
           is_plain(task->signature) &&
           read_params(task, array_of(from, "params"), params);
}

static size_t count_params(json_object *tasks)
{
    size_t count = 0;

    for (size_t i = 0; i < json_object_array_length(tasks); i++) {
        json_object *params =
            array_of(json_object_array_get_idx(tasks, i), "params");

        count += params != NULL ? json_object_array_length(params) : 0;
    }
    return count;
}

static bool read_tasks(struct described *out)
{
    json_object *tasks = array_of(out->said, "tasks");
    size_t count = tasks != NULL ? json_object_array_length(tasks) : 0;
    sopool_param *param;

    if (tasks == NULL)
        return false;
    out->task = calloc(count + 1, sizeof(*out->task));
    param = out->param = calloc(count_params(tasks) + 1, sizeof(*out->param));
    if (out->task == NULL || out->param == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        sopool_task_info *task = &out->task[out->count];

        if (!read_task(task, json_object_array_get_idx(tasks, i), param))
            continue;
        param += task->param_count;
        out->count++;
    }
    return true;
}

/* ---- the whole --------------------------------------------------------- */

int described_ask(struct described *out, const char *service)
{
    json_object *processes;

    *out = (struct described){.service = service};
    out->said = ask_service(out);
    if (out->said == NULL)
        return -1;
    if (json_object_object_get_ex(out->said, "processes", &processes)) {
        int32_t said = json_object_get_int(processes);

        out->processes = said > 0 ? (uint32_t)said : 0;
    }
    if (read_tasks(out))
        return 0;
    message("the service's tasks cannot be read");
    return -1;
}

const sopool_task_info *described_find(const struct described *described,
                                       const char *name)
{
    const char **names = calloc(described->count + 1, sizeof(*names));
    const char *near = NULL;
    const sopool_task_info *found = NULL;

    for (size_t i = 0; i < described->count && found == NULL; i++) {
        if (strcmp(described->task[i].name, name) == 0)
            found = &described->task[i];
        if (names != NULL)
            names[i] = described->task[i].name;
    }
    if (found == NULL && names != NULL)
        near = near_word(name, names, described->count);
    if (found == NULL)
        message("the service %s has no task '%.100s'%s%s%s", described->service,
                name, near != NULL ? "; did you mean '" : "",
                near != NULL ? near : "", near != NULL ? "'?" : "");
    free(names);
    return found;
}

void described_finish(struct described *described)
{
    json_object_put(described->said);
    free(described->task);
    free(described->param);
    *described = (struct described){0};
}
