/* peers.c - looking at all pools of the user. See status.h and sopool.h.
 *
 * All are asked before the first answer is awaited, so that one that is stopped
 * holds up none of the others.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sopool/cbor.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/libc.h"
#include "pool/status.h"
#include "value/value.h"
#include "worker/message.h"

enum { PEERS = 256, PIECE = 64 * 1024, MOST = 4 * 1024 * 1024 };

struct peer {
    int fd; /* -1: has answered, or will not */
    struct buf answer;
};

/* The process of a socket with that name; 0: it is none of ours. */
static pid_t pid_of(const char *name)
{
    char *end;
    long pid = strtol(name, &end, 10);

    if (pid <= 0 || pid > INT32_MAX || *end != '-' ||
        strstr(end, ".sock") == NULL)
        return 0;
    return (pid_t)pid;
}

/* Its process is no more. */
static bool is_dead(const char *name)
{
    return kill(pid_of(name), 0) != 0 && errno == ESRCH;
}

static int is_socket(const struct dirent *entry)
{
    return pid_of(entry->d_name) != 0;
}

/* The sockets in a folder, by process and number; how many. */
static int list(int folder, struct dirent ***names)
{
    int count = scandirat(folder, ".", names, is_socket, versionsort);

    return count < 0 ? 0 : count;
}

/* Connects, or says that it is nobody's any more. */
static int reach(int folder, const char *name, bool *dead)
{
    struct sockaddr_un address;
    int fd;

    *dead = false;
    if (status_address(&address, folder, name) != 0)
        return -1;
    fd =
        fd_high(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    /* One that is just being made refuses too, but its process lives. */
    *dead = errno == ECONNREFUSED && is_dead(name);
    (void)close(fd);
    return -1;
}

static void free_names(struct dirent **names, int count)
{
    for (int i = 0; i < count; i++)
        free(names[i]);
    if (count > 0)
        free(names);
}

void status_sweep(int folder)
{
    struct dirent **names;
    int count = list(folder, &names);

    for (int i = 0; i < count; i++) {
        bool dead = is_dead(names[i]->d_name);
        int fd = dead ? reach(folder, names[i]->d_name, &dead) : -1;

        if (fd >= 0)
            (void)close(fd);
        if (dead)
            (void)unlinkat(folder, names[i]->d_name, 0);
    }
    free_names(names, count);
}

/* ---- asking ------------------------------------------------------------ */

static size_t connect_all(int folder, struct peer *peers)
{
    struct dirent **names;
    int count = list(folder, &names);
    size_t reached = 0;

    for (int i = 0; i < count && reached < PEERS; i++) {
        bool dead;
        int fd = reach(folder, names[i]->d_name, &dead);

        if (dead)
            (void)unlinkat(folder, names[i]->d_name, 0);
        if (fd >= 0)
            peers[reached++].fd = fd;
    }
    free_names(names, count);
    return reached;
}

static void hang_up(struct peer *peer)
{
    (void)close(peer->fd);
    peer->fd = -1;
}

/* Reads what there is of an answer. */
static void read_answer(struct peer *peer)
{
    void *room =
        peer->answer.size < MOST ? buf_room(&peer->answer, PIECE) : NULL;
    ssize_t got = room != NULL ? recv(peer->fd, room, PIECE, 0) : 0;

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0)
        peer->answer.size += (size_t)got;
    else
        hang_up(peer);
}

static int ms_until(int64_t deadline)
{
    int64_t now = clock_now();

    if (deadline == CLOCK_NEVER)
        return -1;
    return deadline <= now ? 0
                           : (int)((deadline - now + NS_PER_MS - 1) /
                                   NS_PER_MS % INT32_MAX);
}

/* Reads until all have answered or the time is up. */
static void await(struct peer *peers, size_t count, int64_t deadline)
{
    struct pollfd polled[PEERS];
    int ready = 1;

    while (ready != 0) {
        size_t open = 0;

        for (size_t i = 0; i < count; i++) {
            polled[i] = (struct pollfd){peers[i].fd, POLLIN, 0};
            open += peers[i].fd >= 0;
        }
        if (open == 0)
            return;
        ready = poll(polled, count, ms_until(deadline));
        if (ready < 0 && errno != EINTR)
            return;
        for (size_t i = 0; ready > 0 && i < count; i++)
            if (polled[i].revents != 0)
                read_answer(&peers[i]);
    }
}

/* ---- the whole --------------------------------------------------------- */

/* Did it answer in full, and with something that can be read? */
static bool has_answered(const struct peer *peer)
{
    return peer->fd < 0 && peer->answer.size > 0 &&
           peer->answer.data[0] >> 5 == SOPOOL_CBOR_MAP &&
           sopool_cbor_check(peer->answer.data, peer->answer.size) == NULL;
}

static sopool_value *join(struct peer *peers, size_t count)
{
    struct buf all = {0};
    uint8_t head[9];
    size_t answered = 0;
    sopool_value *value = NULL;
    int status;

    for (size_t i = 0; i < count; i++)
        answered += has_answered(&peers[i]);
    status =
        buf_add(&all, head, sopool_head_put(head, SOPOOL_CBOR_ARRAY, answered));
    for (size_t i = 0; i < count && status == 0; i++)
        if (has_answered(&peers[i]))
            status = buf_add(&all, peers[i].answer.data, peers[i].answer.size);
    if (status == 0)
        value = value_copy(all.data, all.size);
    buf_finish(&all);
    return value;
}

sopool_value *sopool_status(int64_t timeout_ms, sopool_error *err)
{
    int64_t deadline = clock_deadline(timeout_ms);
    CLEANUP_FREE void *memory = calloc(PEERS, sizeof(struct peer));
    struct peer *peers = memory;
    sopool_error why = {0};
    CLEANUP_FD int folder = status_folder(false, &why);
    sopool_value *value;
    size_t count = 0;

    if (folder < 0 && why.code != SOPOOL_E_NONE) {
        if (err != NULL)
            *err = why;
        return NULL;
    }
    if (peers != NULL && folder >= 0)
        count = connect_all(folder, peers);
    if (peers != NULL)
        await(peers, count, deadline);
    value = peers != NULL ? join(peers, count) : NULL;
    for (size_t i = 0; i < count; i++) {
        if (peers[i].fd >= 0)
            hang_up(&peers[i]);
        buf_finish(&peers[i].answer);
    }
    if (value == NULL)
        (void)error_nomem(err);
    return value;
}
