/* service.c - the socket, signals, and the end. See service.h. */
#include "service/service.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "message.h"
#include "service/address.h"
#include "service/notify.h"
#include "status.h"

enum {
    LAST_MS = 3000, /* clients may take so long to read what there is */
    GUESTS_LEAST = 16,
    GUESTS_MOST = 10000,
};

/* ---- clients ----------------------------------------------------------- */

/* For a second nobody is let in. */
static void close_door(struct service *service, const char *why)
{
    static const struct timeval second = {1, 0};

    if (!service->crowded)
        message("clients have to wait: %s", why);
    service->crowded = true;
    (void)evconnlistener_disable(service->listener);
    (void)event_add(service->reopen, &second);
}

static void on_reopen(evutil_socket_t fd, short what, void *ctx)
{
    struct service *service = ctx;

    (void)fd;
    (void)what;
    if (service->listener == NULL)
        return;
    if (service->guest_count >= service->guest_most)
        close_door(service, "");
    else
        (void)evconnlistener_enable(service->listener);
}

static void on_client(struct evconnlistener *listener, evutil_socket_t fd,
                      struct sockaddr *address, int size, void *ctx)
{
    struct service *service = ctx;

    (void)listener;
    (void)address;
    (void)size;
    service->crowded = false;
    guest_new(service, fd);
    if (service->guest_count >= service->guest_most)
        close_door(service, "there are as many as there can be");
}

/* No descriptors are left. */
static void on_refused(struct evconnlistener *listener, void *ctx)
{
    (void)listener;
    close_door(ctx, evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
}

/* As many descriptors as the process may have; half of them for clients, the
 * others for workers and calls. */
static void take_descriptors(struct service *service)
{
    struct rlimit files;
    rlim_t most = GUESTS_MOST;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        if (files.rlim_cur < files.rlim_max &&
            files.rlim_cur < 4 * (rlim_t)GUESTS_MOST) {
            files.rlim_cur = 4 * (rlim_t)GUESTS_MOST < files.rlim_max
                                 ? 4 * (rlim_t)GUESTS_MOST
                                 : files.rlim_max;
            (void)setrlimit(RLIMIT_NOFILE, &files);
        }
        most = files.rlim_cur / 2;
    }
    service->guest_most = most < GUESTS_LEAST  ? GUESTS_LEAST
                          : most > GUESTS_MOST ? GUESTS_MOST
                                               : (size_t)most;
}

static int listen_for(struct service *service)
{
    unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC;
    struct stat st;
    int fd;

    if (address_own(&service->address, service->settings) != 0)
        return -1;
    fd = address_listen(&service->address, service->settings->mode);
    if (fd < 0)
        return -1;
    service->listener =
        evconnlistener_new(service->base, on_client, service, flags, 0, fd);
    if (service->listener == NULL) {
        message("out of memory");
        (void)close(fd);
        (void)unlink(service->address.sun_path);
        return -1;
    }
    if (lstat(service->address.sun_path, &st) == 0)
        service->inode = st.st_ino;
    evconnlistener_set_error_cb(service->listener, on_refused);
    return 0;
}

static void stop_listening(struct service *service)
{
    struct stat st;

    if (service->listener == NULL)
        return;
    evconnlistener_free(service->listener);
    service->listener = NULL;
    /* Another service may have taken the place. */
    if (lstat(service->address.sun_path, &st) == 0 &&
        st.st_ino == service->inode)
        (void)unlink(service->address.sun_path);
}

/* ---- the beginning and the end ----------------------------------------- */

void service_ready(struct service *service)
{
    notify_ready();
    guest_go_on_all(service);
}

void service_look(struct service *service)
{
    if (!service->ending || service->guests != NULL)
        return;
    for (const struct generation *g = service->generations; g != NULL;
         g = g->next)
        if (g->calls > 0)
            return;
    (void)event_base_loopbreak(service->base);
}

static void set_limit(struct service *service, int64_t ms)
{
    const struct timeval wait = {(time_t)(ms / 1000),
                                 (suseconds_t)(ms % 1000 * 1000)};

    (void)event_add(service->limit, &wait);
}

void service_end(struct service *service, int status)
{
    if (service->ending)
        return;
    service->ending = true;
    service->status = status;
    notify_stopping();
    stop_listening(service);
    set_limit(service, service->settings->grace_ms);
    guest_end_all(service);
    service_look(service);
}

/* Calls that are not done fail, which their clients are told. */
static void end_now(struct service *service)
{
    for (struct generation *g = service->generations; g != NULL; g = g->next)
        sopool_terminate(g->pool);
    set_limit(service, LAST_MS);
    service->hurried = true;
}

static void on_limit(evutil_socket_t fd, short what, void *ctx)
{
    struct service *service = ctx;

    (void)fd;
    (void)what;
    if (!service->hurried)
        end_now(service);
    else
        (void)event_base_loopbreak(service->base);
}

/* ---- signals ----------------------------------------------------------- */

static void say_state(const struct service *service)
{
    sopool_stats stats = {0};

    if (service->current != NULL)
        (void)sopool_get_stats(service->current->pool, &stats, NULL, 0);
    message("service %s: %zu clients, %" PRIu64 " calls done, %" PRIu64
            " failed, %" PRIu64 " queued, %" PRIu64 " running, %" PRIu32
            " workers",
            service->name, service->guest_count, stats.done, stats.failed,
            stats.queued, stats.running, stats.workers);
}

static void on_signal(evutil_socket_t sig, short what, void *ctx)
{
    struct service *service = ctx;

    (void)what;
    if (sig == SIGUSR1)
        say_state(service);
    else if (sig == SIGHUP && !service->ending)
        generation_begin(service);
    else if (sig != SIGHUP && service->ending && !service->hurried)
        end_now(service);
    else if (sig != SIGHUP)
        service_end(service, EXIT_GOOD);
}

static int take_signals(struct service *service)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};

    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        struct event *event =
            evsignal_new(service->base, signals[i], on_signal, service);

        service->signal[i] = event;
        if (event == NULL || event_add(event, NULL) != 0) {
            message("out of memory");
            return -1;
        }
    }
    return 0;
}

/* ---- the whole --------------------------------------------------------- */

static void put_reply(void *ctx, const char *data, size_t size)
{
    struct service *service = ctx;

    if (evbuffer_add(service->reader, data, size) != 0)
        service->unsent = true;
}

/* The socket's name without folder and ending. */
static void name_service(struct service *service)
{
    const char *path = service->address.sun_path, *slash = strrchr(path, '/');
    char *dot;

    (void)strcpy(service->name, slash != NULL ? slash + 1 : path);
    dot = strrchr(service->name, '.');
    if (dot != NULL && strcmp(dot, ".sock") == 0)
        *dot = '\0';
}

static int open_service(struct service *service)
{
    service->base = event_base_new();
    service->json = json_new();
    service->out.sink = put_reply;
    service->out.ctx = service;
    if (service->base != NULL) {
        service->limit = evtimer_new(service->base, on_limit, service);
        service->reopen = evtimer_new(service->base, on_reopen, service);
    }
    if (service->limit == NULL || service->reopen == NULL ||
        service->json == NULL) {
        message("out of memory");
        return EXIT_FAILED;
    }
    if (take_signals(service) != 0 || folders_open(service) != 0 ||
        listen_for(service) != 0)
        return EXIT_FAILED;
    name_service(service);
    return EXIT_GOOD;
}

static void close_service(struct service *service)
{
    stop_listening(service);
    guest_drop_all(service);
    generation_end_all(service);
    folders_close(service);
    for (size_t i = 0; i < sizeof(service->signal) / sizeof(struct event *);
         i++)
        if (service->signal[i] != NULL)
            event_free(service->signal[i]);
    if (service->limit != NULL)
        event_free(service->limit);
    if (service->reopen != NULL)
        event_free(service->reopen);
    if (service->base != NULL)
        event_base_free(service->base);
    json_free(service->json);
    free(service);
}

int service_run(const struct settings *settings)
{
    struct service *service = calloc(1, sizeof(*service));
    int status;

    if (service == NULL) {
        message("out of memory");
        return EXIT_FAILED;
    }
    service->settings = settings;
    service->folders = -1;
    message_unread();
    notify_open();
    take_descriptors(service);
    status = open_service(service);
    if (status == EXIT_GOOD) {
        generation_begin(service);
        if (!service->ending)
            (void)event_base_dispatch(service->base);
        status = service->status;
    }
    close_service(service);
    return status;
}
