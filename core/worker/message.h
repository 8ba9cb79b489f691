/* message.h - what travels over control sockets: between the pool and the
 * forkserver, and between the pool and each worker. Never on the hot path.
 *
 * A message is one packet of a SOCK_SEQPACKET pair: a fixed head, a text, and
 * up to MESSAGE_FDS descriptors.
 */
#ifndef SOPOOL_WORKER_MESSAGE_H
#define SOPOOL_WORKER_MESSAGE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sopool.h"

enum { MESSAGE_FDS = 64, MESSAGE_TEXT = 1024 };

enum message_kind {
    /* pool -> forkserver or spawned worker */
    MESSAGE_SETUP = 1, /* fds: the setup's memory file; number: plugins */
    MESSAGE_PLUGINS,   /* fds: the next plugins' files */
    MESSAGE_START,     /* number: the worker's id; fds: see launch.h */
    /* forkserver -> pool */
    MESSAGE_FORKED,      /* number: id; value: pid; fds: pidfd */
    MESSAGE_FORK_FAILED, /* number: id; value: errno */
    MESSAGE_USAGE,       /* of a worker that has exited, before
                            MESSAGE_EXITED; number: pid << 32 | processor
                            time in ms; value: most memory in KiB */
    MESSAGE_EXITED,      /* number: pid; value: wait status */
    /* forkserver or worker -> pool */
    MESSAGE_PHASE,  /* value: enum phase; number: plugin; before it begins */
    MESSAGE_READY,  /* ready for calls (or for MESSAGE_START); number: when it
                       became so, by clock_now(), of a worker */
    MESSAGE_FAILED, /* value: sopool_code; text: why it cannot start */
    /* worker -> pool */
    MESSAGE_LEAVING, /* text: why it is fit for no more calls; it ends */
    MESSAGE_RING,    /* there are results to read */
    /* pool -> worker */
    MESSAGE_WARM,   /* number: that of the memory; fds: its file (see warm.h) */
    MESSAGE_BUFFER, /* number: that of the buffer; value: the place for it;
                       fds: its file (see shelf.h) */
    /* both ways, between pool and worker */
    MESSAGE_BIG, /* number: the range's seq; value: of a result, the item in it;
                    fds: a sealed memory file */
};

/* What a process is about to do on its way to being a worker. */
enum phase {
    PHASE_BEGIN, /* starting the program */
    PHASE_OPEN,  /* opening a plugin: its constructors run */
    PHASE_LOAD,  /* a plugin's load hook */
    PHASE_INIT,  /* the pool's initializer */
    PHASE_RUN,   /* running calls */
};

struct message {
    uint32_t kind;
    int32_t value;
    uint64_t number;
    uint32_t text_size;
    char text[MESSAGE_TEXT]; /* ends with a NUL when received */
};

struct message_fds {
    int fd[MESSAGE_FDS];
    size_t count;
};

/* A pair of close-on-exec sockets; the numbers are above those of the standard
 * streams. */
int message_pair(int pair[2], sopool_error *err);

/* Was this, after a message could not be sent, because the other end has ended?
 * With the first one it may not have read what was sent before. */
static inline bool message_refused(void)
{
    return errno == EPIPE || errno == ECONNRESET;
}

/* Sends a message without a text; `fds` stay the caller's, may be NULL.
 * 0, or -1 and errno. */
int message_send(int sock, uint32_t kind, int32_t value, uint64_t number,
                 const int *fds, size_t fd_count);

/* The same, but fails with EAGAIN rather than wait for the other side. */
int message_send_now(int sock, uint32_t kind, int32_t value, uint64_t number,
                     const int *fds, size_t fd_count);

/* Sends one with a text, cut to MESSAGE_TEXT - 1 bytes. */
int message_send_text(int sock, uint32_t kind, int32_t value, const char *text);

/* What message_receive would get now, which stays there: true and its kind and
 * number, or false. */
bool message_peek(int sock, uint32_t *kind, uint64_t *number);

/* Receives one: 1, 0 at the end of the stream, -1 and errno (EAGAIN when
 * `wait` is false and there is none, EPROTO for what is no message). The
 * descriptors are the caller's. */
int message_receive(int sock, struct message *out, struct message_fds *fds,
                    int wait);

/* Closes descriptors that nobody wanted. */
void message_close(struct message_fds *fds);

/* Makes a descriptor's number at least 16, out of the way of 0 to 3, which
 * children are given. Moves: the old one is closed. -1 and errno. */
int fd_high(int fd);

#endif
