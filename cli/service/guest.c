/* guest.c - a client's connection. See service.h.
 *
 * Lines are taken out of its buffer while there is a pool to call, fewer than
 * WINDOW calls of this client are under way (of those with much data fewer) and
 * it reads its answers; else they stay, the buffer fills, and the client has to
 * wait. Of one that has gone only those that want no answer are taken.
 */
#include "service/service.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "base64.h"
#include "growing.h"
#include "message.h"
#include "service/reply.h"
#include "service/request.h"

enum {
    WINDOW = 1024,                /* calls of a client that are under way */
    LINE_MOST = 64 * 1024 * 1024, /* bytes of a request */
    UNREAD_MOST = 1024 * 1024,    /* bytes of answers that wait to be read */
    HEAVY_SIZE = 32 * 1024,       /* of a request, that is held in a file */
    HEAVY_MOST = 16,              /* of these at a time */
};

struct call {
    struct guest *guest; /* NULL: it has gone */
    struct generation *generation;
    sopool_result *result;
    char *id; /* owned; NULL: nobody wants the answer */
    bool cbor;
    bool heavy;
    struct call *next, **back; /* of the guest's */
};

struct guest {
    struct service *service;
    struct bufferevent *io;
    struct call *calls;
    size_t call_count, heavy_count;
    size_t searched; /* bytes at hand in which there is no newline */
    bool last;       /* nothing more is read */
    bool gone;       /* nobody reads the answers */
    struct guest *next, **back;
};

/* ---- its end ----------------------------------------------------------- */

static void unlink_call(struct call *call)
{
    *call->back = call->next;
    if (call->next != NULL)
        call->next->back = call->back;
    call->guest->call_count--;
    call->guest->heavy_count -= call->heavy;
    call->guest = NULL;
}

/* What nobody wanted an answer to is run all the same. */
static void cancel_calls(struct guest *guest)
{
    while (guest->calls != NULL) {
        struct call *call = guest->calls;

        unlink_call(call);
        if (call->id != NULL)
            (void)sopool_result_cancel(call->result);
    }
}

static void drop(struct guest *guest)
{
    struct service *service = guest->service;

    cancel_calls(guest);
    *guest->back = guest->next;
    if (guest->next != NULL)
        guest->next->back = guest->back;
    /* A worker that was forked may have it open, too. */
    (void)shutdown(bufferevent_getfd(guest->io), SHUT_RDWR);
    bufferevent_free(guest->io);
    free(guest);
    service->guest_count--;
    service_look(service);
}

/* It has said all and heard all: it goes, and true. */
static bool drop_if_done(struct guest *guest)
{
    size_t unsent = evbuffer_get_length(bufferevent_get_output(guest->io));

    if (!guest->last ||
        evbuffer_get_length(bufferevent_get_input(guest->io)) > 0 ||
        (!guest->gone && (guest->call_count > 0 || unsent > 0)))
        return false;
    drop(guest);
    return true;
}

/* ---- answers ----------------------------------------------------------- */

/* An output that goes to a guest. */
static struct output *begin_reply(struct guest *guest)
{
    guest->service->reader = bufferevent_get_output(guest->io);
    return &guest->service->out;
}

/* A client that would get half an answer gets none any more. */
static void end_reply(struct guest *guest)
{
    output_flush(&guest->service->out);
    if (guest->service->unsent) {
        guest->service->unsent = false;
        guest->last = guest->gone = true;
    }
}

static void refuse(struct guest *guest, const char *id, int code,
                   const sopool_error *err, bool data)
{
    reply_error(begin_reply(guest), id, code, err, data);
    end_reply(guest);
}

/* How a call ended that nobody may have waited for. */
static void answer(struct call *call, sopool_result *result)
{
    sopool_error err;
    size_t size;
    const void *item = sopool_result_item(result, 0, &size, &err);

    if (item == NULL && err.code == SOPOOL_E_BROKEN)
        generation_broke(call->generation);
    if (call->guest == NULL || call->id == NULL)
        return;
    if (item != NULL)
        reply_result(begin_reply(call->guest), call->id, call->cbor, item,
                     size);
    else
        reply_error(begin_reply(call->guest), call->id, reply_code(err.code),
                    &err, true);
    end_reply(call->guest);
}

static void go_on(struct guest *guest);

static void on_done(sopool_result *result, void *ctx)
{
    struct call *call = ctx;
    struct guest *guest = call->guest;

    answer(call, result);
    if (guest != NULL)
        unlink_call(call);
    generation_called(call->generation);
    sopool_result_free(call->result);
    free(call->id);
    free(call);
    if (guest != NULL && (guest->last || guest->call_count == WINDOW / 2 ||
                          guest->heavy_count == HEAVY_MOST - 1))
        go_on(guest);
}

/* ---- calls ------------------------------------------------------------- */

static int read_cbor(const struct request *request, sopool_writer *out,
                     sopool_error *err)
{
    size_t size = request->cbor_size / 4 * 3 + 3;

    out->data = malloc(size);
    if (out->data == NULL)
        return message_refuse(err,
                              "the arguments are too large: out of memory");
    out->size = base64_decode(request->cbor, request->cbor_size, out->data);
    if (out->size != SIZE_MAX)
        return 0;
    return message_refuse(err, "\"cbor\" is not base64");
}

static int read_arguments(struct service *service,
                          const struct request *request,
                          const sopool_task_info *task, sopool_writer *out,
                          sopool_error *err)
{
    int status = request->cbor != NULL ? read_cbor(request, out, err)
                                       : json_call(service->json, task,
                                                   request->params, out, err);

    if (status != 0)
        err->code = SOPOOL_E_ARGS;
    return status;
}

static sopool_result *submit(struct call *call, const struct request *request,
                             sopool_error *err)
{
    const sopool_call_options options = {.callback = on_done,
                                         .error_callback = on_done,
                                         .ctx = call,
                                         .timeout_ms = request->timeout_ms};
    sopool_pool *pool = call->generation->pool;
    const sopool_task_info *task = sopool_find_task(pool, request->method, err);
    sopool_writer args = growing_writer();
    sopool_result *result = NULL;

    if (task != NULL &&
        read_arguments(call->guest->service, request, task, &args, err) == 0)
        result = sopool_apply_async(pool, task->name,
                                    sopool_args_cbor(args.data, args.size),
                                    &options, err);
    free(args.data);
    return result;
}

/* Begins the call; takes the request's id. */
static void begin_call(struct guest *guest, struct request *request, bool heavy)
{
    struct generation *generation = guest->service->current;
    struct call *call = calloc(1, sizeof(*call));
    sopool_error err;

    if (call == NULL) {
        (void)message_refuse(&err, "out of memory");
        refuse(guest, request->id, RPC_FAILED, &err, true);
        return;
    }
    call->guest = guest;
    call->generation = generation;
    call->cbor = request->cbor != NULL;
    call->result = submit(call, request, &err);
    if (call->result == NULL) {
        if (request->id != NULL)
            refuse(guest, request->id, reply_code(err.code), &err, true);
        free(call);
        if (err.code == SOPOOL_E_BROKEN)
            generation_broke(generation);
        return;
    }
    call->id = request->id;
    request->id = NULL;
    call->next = guest->calls;
    call->back = &guest->calls;
    if (call->next != NULL)
        call->next->back = &call->next;
    guest->calls = call;
    guest->call_count++;
    call->heavy = heavy;
    guest->heavy_count += heavy;
    generation->calls++;
}

/* ---- requests ---------------------------------------------------------- */

/* What the service is asked itself: false if it is not. */
static bool answer_here(struct guest *guest, const struct request *request)
{
    struct service *service = guest->service;
    struct generation *generation = service->current;
    bool describe = strcmp(request->method, "rpc.describe") == 0;
    sopool_stats stats;

    if (!describe && strcmp(request->method, "rpc.stats") != 0)
        return false;
    if (request->id == NULL)
        return true;
    (void)sopool_get_stats(generation->pool, &stats, NULL, 0);
    if (describe)
        reply_describe(begin_reply(guest), request->id, service->name,
                       stats.processes, generation->catalog);
    else
        reply_stats(begin_reply(guest), request->id, &stats,
                    service->guest_count);
    end_reply(guest);
    return true;
}

static void take_line(struct guest *guest, const char *line, size_t size)
{
    struct request request;
    sopool_error err;
    int code = request_read(&request, guest->service->json, line, size, &err);

    if (code != 0)
        refuse(guest, request.id, code, &err, false);
    else if ((!guest->gone || request.id == NULL) &&
             !answer_here(guest, &request))
        begin_call(guest, &request, size > HEAVY_SIZE);
    request_finish(&request);
}

/* Where the next line at hand ends; -1: it does not. */
static ev_ssize_t find_end(struct guest *guest, struct evbuffer *in)
{
    size_t size = evbuffer_get_length(in);
    struct evbuffer_ptr from, end = {.pos = -1};

    if (guest->searched < size &&
        evbuffer_ptr_set(in, &from, guest->searched, EVBUFFER_PTR_SET) == 0)
        end = evbuffer_search_eol(in, &from, NULL, EVBUFFER_EOL_LF);
    if (end.pos < 0 && guest->last && size > 0)
        return (ev_ssize_t)size; /* nothing will end it */
    if (end.pos < 0)
        guest->searched = size;
    return end.pos;
}

static void cut_off(struct guest *guest, struct evbuffer *in)
{
    sopool_error err;

    (void)message_refuse(&err,
                         "the request is too long; allowed: %d MiB. Large data "
                         "are better handed over by the path of their file",
                         LINE_MOST / 1024 / 1024);
    refuse(guest, NULL, RPC_REQUEST, &err, false);
    guest->last = true;
    (void)evbuffer_drain(in, evbuffer_get_length(in));
}

/* Is there a pool to call? */
static bool is_served(const struct service *service)
{
    return service->current != NULL && !service->current->broken;
}

static bool is_full(const struct guest *guest)
{
    if (guest->gone)
        return !is_served(guest->service);
    return !is_served(guest->service) || guest->call_count >= WINDOW ||
           guest->heavy_count >= HEAVY_MOST ||
           evbuffer_get_length(bufferevent_get_output(guest->io)) > UNREAD_MOST;
}

static void take_lines(struct guest *guest)
{
    struct evbuffer *in = bufferevent_get_input(guest->io);

    while (!is_full(guest)) {
        ev_ssize_t end = find_end(guest, in);
        const char *line;

        if (end < 0)
            break;
        line = (const char *)evbuffer_pullup(in, end);
        if (end > 0 && line == NULL) {
            guest->last = guest->gone = true; /* no memory */
            (void)evbuffer_drain(in, evbuffer_get_length(in));
            break;
        }
        if (end > 0)
            take_line(guest, line, (size_t)end);
        (void)evbuffer_drain(in, (size_t)end + 1);
        guest->searched = 0;
    }
    if (evbuffer_get_length(in) > LINE_MOST)
        cut_off(guest, in);
}

/* Takes what it has sent, and reads more if there is room for it. */
static void go_on(struct guest *guest)
{
    take_lines(guest);
    if (drop_if_done(guest))
        return;
    if (guest->last || is_full(guest))
        (void)bufferevent_disable(guest->io, EV_READ);
    else
        (void)bufferevent_enable(guest->io, EV_READ);
}

/* ---- the connection ---------------------------------------------------- */

static void on_readable(struct bufferevent *io, void *ctx)
{
    (void)io;
    go_on(ctx);
}

/* It has read all answers. */
static void on_written(struct bufferevent *io, void *ctx)
{
    (void)io;
    go_on(ctx);
}

/* Has it closed both ends, so that nobody will read an answer? */
static bool has_gone(const struct guest *guest)
{
    struct pollfd fd = {.fd = bufferevent_getfd(guest->io)};

    return poll(&fd, 1, 0) > 0 && (fd.revents & (POLLHUP | POLLERR)) != 0;
}

static void on_event(struct bufferevent *io, short what, void *ctx)
{
    struct guest *guest = ctx;

    (void)io;
    guest->last = true;
    if ((what & BEV_EVENT_ERROR) != 0 || has_gone(guest)) {
        guest->gone = true;
        cancel_calls(guest);
    }
    go_on(guest);
}

void guest_new(struct service *service, evutil_socket_t fd)
{
    struct guest *guest = calloc(1, sizeof(*guest));
    struct bufferevent *io =
        bufferevent_socket_new(service->base, fd, BEV_OPT_CLOSE_ON_FREE);

    if (guest == NULL || io == NULL) {
        message("a client was turned away: out of memory");
        free(guest);
        if (io != NULL)
            bufferevent_free(io);
        else
            (void)evutil_closesocket(fd);
        return;
    }
    *guest = (struct guest){.service = service, .io = io};
    guest->next = service->guests;
    guest->back = &service->guests;
    if (guest->next != NULL)
        guest->next->back = &guest->next;
    service->guests = guest;
    service->guest_count++;
    bufferevent_setcb(io, on_readable, on_written, on_event, guest);
    (void)bufferevent_enable(io, EV_READ | EV_WRITE);
}

/* ---- all of them ------------------------------------------------------- */

void guest_go_on_all(struct service *service)
{
    struct guest *next;

    for (struct guest *guest = service->guests; guest != NULL; guest = next) {
        next = guest->next;
        go_on(guest);
    }
}

void guest_end_all(struct service *service)
{
    struct guest *next;

    for (struct guest *guest = service->guests; guest != NULL; guest = next) {
        struct evbuffer *in = bufferevent_get_input(guest->io);

        next = guest->next;
        guest->last = true;
        (void)bufferevent_disable(guest->io, EV_READ);
        (void)evbuffer_drain(in, evbuffer_get_length(in));
        (void)drop_if_done(guest);
    }
}

void guest_drop_all(struct service *service)
{
    while (service->guests != NULL)
        drop(service->guests);
}
