/* service.h - a pool that other programs call: what its parts share.
 *
 * One thread runs a loop of libevent, and all is done in it:
 *
 *   guest.c       a client's connection: lines in, calls to the pool, lines out
 *   generation.c  a pool, from the reading of its config to its last call; a
 *                 new one takes the place of the old when plugins change
 *   folders.c     watches the folders of the plugins
 *   service.c     the socket, signals, and the end
 *
 * A client can hold up nobody but itself: of each there is a bounded number of
 * calls in the pool, and what it does not read is not made.
 */
#ifndef SOPOOL_CLI_SERVICE_SERVICE_H
#define SOPOOL_CLI_SERVICE_SERVICE_H

#include <sys/types.h>
#include <sys/un.h>

#include <event2/event.h>
#include <event2/listener.h>

#include <sopool.h>

#include "json.h"
#include "output.h"
#include "settings.h"

struct guest;

/* A pool and what it was made of. */
struct generation {
    struct service *service;
    sopool_pool *pool;
    sopool_catalog *catalog; /* of the same options */
    struct event *events;    /* the pool has something to tell */
    struct event *look;      /* it is looked at again: it starts, or ends */
    size_t calls;            /* of guests, that are not done */
    int64_t looked_ms;       /* how long it has been ending */
    bool retired;            /* it takes no more calls */
    bool broken;             /* and neither can it */
    struct generation *next;
};

struct service {
    const struct settings *settings;
    struct sockaddr_un address;
    ino_t inode; /* of the socket */
    char name[sizeof(((struct sockaddr_un *)0)->sun_path)];
    struct event_base *base;
    struct evconnlistener *listener;
    struct event *signal[4];
    struct event *limit;  /* the time that the end may take */
    struct event *reopen; /* clients are let in again */

    struct generation *generations; /* all that there are; owned */
    struct generation *current;     /* takes calls; NULL: none is ready yet */
    struct generation *candidate;   /* will be the next, or NULL */

    int folders;                         /* an inotify descriptor */
    struct event *changed, *change_over; /* there; and some time later */

    struct guest *guests; /* all that there are; owned */
    size_t guest_count, guest_most;

    struct json *json;
    struct output out; /* on its way to a guest, `reader` */
    struct evbuffer *reader;
    bool unsent; /* not all of it could be put there */

    bool crowded; /* no more clients could be let in */
    bool ending;
    bool hurried; /* and calls were ended */
    int status;   /* how the command ends */
};

/* ---- generation.c ------------------------------------------------------ */

/* Makes a pool of the config as it is now, which is to take the place of the
 * current one once it is ready. If that cannot be, messages say why; and the
 * service ends if it has no other. */
void generation_begin(struct service *service);

/* A call of it is done; it may have been the last. */
void generation_called(struct generation *generation);

/* It can run nothing any more: another one is tried. */
void generation_broke(struct generation *generation);

/* No more calls are taken. */
void generation_retire(struct generation *generation);

/* Ends all pools, waiting for them. */
void generation_end_all(struct service *service);

/* ---- guest.c ----------------------------------------------------------- */

/* A client has connected. */
void guest_new(struct service *service, evutil_socket_t fd);

/* There is a pool to call: what has waited for it goes on. */
void guest_go_on_all(struct service *service);

/* Nothing more is read from them; they go once they have their answers. */
void guest_end_all(struct service *service);

/* The connections are closed, whatever is under way. */
void guest_drop_all(struct service *service);

/* ---- folders.c --------------------------------------------------------- */

/* Watches the folders in which plugins are looked for, and calls
 * generation_begin once they have changed. -1 after a message. */
int folders_open(struct service *service);

/* They are those of these options now. */
void folders_watch(struct service *service, const sopool_options *options);
void folders_close(struct service *service);

/* ---- service.c --------------------------------------------------------- */

/* A generation is current for the first time. */
void service_ready(struct service *service);

/* A part is done; it may have been the last of a service that ends. */
void service_look(struct service *service);

/* Begins the end. */
void service_end(struct service *service, int status);

/* Serves until it is told to end: the command's exit status. */
int service_run(const struct settings *settings);

#endif
