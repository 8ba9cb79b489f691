/* generation.c - a pool, from the reading of its config to its last call. See
 * service.h.
 *
 * A generation is begun; looked at until a worker is ready or it is known that
 * none will be; takes calls as the current one; is retired when the next is
 * ready; and is ended when its last call is done. So a call runs in the pool
 * that took it, whatever has happened to the plugins meanwhile, and a plugin
 * that cannot be loaded never takes the place of one that can.
 */
#include "service/service.h"

#include <stdlib.h>

#include "message.h"
#include "service/notify.h"
#include "status.h"

enum {
    LOOK_MS = 20,
    END_MS = 10000, /* the workers of a pool may take so long to end */
    LAST_MS = 3000, /* at the end of the service: so long */
};

/* ---- the end ----------------------------------------------------------- */

static void unlink_generation(struct generation *generation)
{
    struct generation **at = &generation->service->generations;

    while (*at != generation)
        at = &(*at)->next;
    *at = generation->next;
}

static void free_generation(struct generation *generation)
{
    if (generation->events != NULL)
        event_free(generation->events);
    sopool_destroy(generation->pool); /* calls that are not done end here */
    if (generation->look != NULL)
        event_free(generation->look);
    sopool_catalog_free(generation->catalog);
    free(generation);
}

static void look_again(struct generation *generation, int ms)
{
    const struct timeval wait = {ms / 1000, ms % 1000 * 1000};

    (void)event_add(generation->look, &wait);
}

/* It is retired, and has no calls any more: its workers end. */
static void look_at_end(struct generation *generation)
{
    struct service *service = generation->service;

    if (generation->calls > 0)
        return;
    if (sopool_join(generation->pool, 0, NULL) != 0 &&
        generation->looked_ms < END_MS) {
        generation->looked_ms += LOOK_MS;
        look_again(generation, LOOK_MS);
        return;
    }
    unlink_generation(generation);
    free_generation(generation);
    service_look(service);
}

void generation_retire(struct generation *generation)
{
    generation->retired = true;
    sopool_close(generation->pool);
    if (generation->calls == 0)
        look_again(generation, 0);
}

void generation_called(struct generation *generation)
{
    if (--generation->calls == 0 && generation->retired)
        look_again(generation, 0);
    service_look(generation->service);
}

void generation_end_all(struct service *service)
{
    for (struct generation *g = service->generations; g != NULL; g = g->next)
        sopool_close(g->pool);
    while (service->generations != NULL) {
        struct generation *generation = service->generations;

        (void)sopool_join(generation->pool, LAST_MS, NULL);
        service->generations = generation->next;
        free_generation(generation);
    }
    service->current = service->candidate = NULL;
}

/* ---- the beginning ----------------------------------------------------- */

/* The next one is no good: the current one goes on, if there is one. */
static void give_up(struct service *service, int status)
{
    if (service->current == NULL) {
        service_end(service, status);
        return;
    }
    message("the plugins and the config stay as they were");
    notify_ready();
}

/* Not at once: whoever notices has guests in hand, which may have to go. */
void generation_broke(struct generation *generation)
{
    if (generation->broken || generation->retired)
        return;
    generation->broken = true;
    look_again(generation, 0);
}

static void replace_broken(struct generation *generation)
{
    struct service *service = generation->service;

    if (generation != service->current || service->ending)
        return;
    message("the pool can run nothing any more; another one is started");
    service->current = NULL;
    generation_retire(generation);
    if (service->candidate == NULL)
        generation_begin(service);
}

static void become_current(struct generation *generation)
{
    struct service *service = generation->service;
    struct generation *before = service->current;

    service->candidate = NULL;
    service->current = generation;
    if (before != NULL) {
        message("the plugins and the config were read again");
        generation_retire(before);
    }
    service_ready(service);
}

static void look_at_start(struct generation *generation)
{
    struct service *service = generation->service;
    sopool_error err;

    if (service->ending)
        return;
    if (sopool_wait_ready(generation->pool, 0, &err) == 0) {
        become_current(generation);
        return;
    }
    if (err.code == SOPOOL_E_TIMEOUT) {
        look_again(generation, LOOK_MS);
        return;
    }
    message("%s", err.message);
    service->candidate = NULL;
    generation_retire(generation);
    give_up(service, settings_status(err.code));
}

static void on_look(evutil_socket_t fd, short what, void *ctx)
{
    struct generation *generation = ctx;

    (void)fd;
    (void)what;
    if (generation->retired)
        look_at_end(generation);
    else if (generation->broken)
        replace_broken(generation);
    else
        look_at_start(generation);
}

static void on_events(evutil_socket_t fd, short what, void *ctx)
{
    struct generation *generation = ctx;

    (void)fd;
    (void)what;
    (void)sopool_dispatch(generation->pool, NULL);
}

static int add_events(struct generation *generation, sopool_error *err)
{
    struct event_base *base = generation->service->base;
    int fd = sopool_fd(generation->pool, err);

    if (fd < 0)
        return -1;
    generation->look = evtimer_new(base, on_look, generation);
    generation->events =
        event_new(base, fd, EV_READ | EV_PERSIST, on_events, generation);
    if (generation->look == NULL || generation->events == NULL ||
        event_add(generation->events, NULL) != 0)
        return message_refuse(err, "out of memory");
    return 0;
}

static int open_pool(struct generation *generation,
                     const sopool_options *options)
{
    sopool_error err;

    generation->catalog =
        sopool_catalog_open(options, message_warning, NULL, &err);
    if (generation->catalog != NULL)
        generation->pool = sopool_open_options(options, &err);
    if (generation->pool != NULL && add_events(generation, &err) == 0)
        return EXIT_GOOD;
    message("%s", err.message);
    return settings_status(err.code);
}

/* NULL after messages, with the exit status that goes with them. */
static struct generation *make(struct service *service, int *status)
{
    struct generation *generation = calloc(1, sizeof(*generation));
    sopool_options *options = settings_options(service->settings);

    *status = options == NULL ? EXIT_USAGE : EXIT_FAILED;

    if (options != NULL)
        folders_watch(service, options);
    if (generation != NULL)
        generation->service = service;
    if (generation == NULL)
        message("out of memory");
    else if (options != NULL)
        *status = open_pool(generation, options);
    if (generation != NULL && *status != EXIT_GOOD) {
        free_generation(generation);
        generation = NULL;
    }
    sopool_options_free(options);
    return generation;
}

void generation_begin(struct service *service)
{
    struct generation *generation;
    int status;

    if (service->current != NULL)
        notify_reloading();
    generation = make(service, &status);
    if (generation == NULL) {
        if (service->candidate == NULL)
            give_up(service, status);
        return;
    }
    if (service->candidate != NULL)
        generation_retire(service->candidate);
    generation->next = service->generations;
    service->generations = service->candidate = generation;
    look_again(generation, 0);
}
