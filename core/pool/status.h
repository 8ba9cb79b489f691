/* status.h - pools that let themselves be looked at: each has a socket in a
 * folder of the user's, and who connects to it gets one snapshot of the pool, a
 * CBOR map, and the end.
 *
 *   status.c     the socket, by the dispatcher
 *   snapshot.c   what is served there
 *   peers.c      looking at all pools of the user
 */
#ifndef SOPOOL_POOL_STATUS_H
#define SOPOOL_POOL_STATUS_H

#include <sys/un.h>

#include "sopool.h"

struct sopool_pool;

/* Workers that a snapshot tells of, at most: it must fit a socket's buffer,
 * because nobody waits for who reads it. */
enum { STATUS_WORKERS = 512 };

/* Values of the option. */
enum { STATUS_OFF, STATUS_ON, STATUS_AUTO };

/* Opens the folder, making it if `make`: -1 and why. It is
 * $XDG_RUNTIME_DIR/sopool, or /run/sopool for root, or /tmp/sopool-UID; nobody
 * else can reach into it. -1 without an error set if there is none and `make`
 * is false. */
int status_folder(bool make, sopool_error *err);

/* The address of a socket in that folder, by a path that is never too long.
 * -1: the name is. */
int status_address(struct sockaddr_un *out, int folder, const char *name);

/* Removes the sockets of processes that are no more. */
void status_sweep(int folder);

/* Makes the pool's socket, if its options ask for that. -1 if it cannot be and
 * the options insist. */
int status_open(struct sopool_pool *pool, sopool_error *err);

/* With the pool locked: serves who has connected; forgets the socket. */
void status_serve(struct sopool_pool *pool);
void status_close(struct sopool_pool *pool);

/* In a forked worker: the socket is the pool's. */
void status_leave(const struct sopool_pool *pool);

/* With the pool locked: its snapshot, the caller's, or NULL. */
sopool_value *snapshot_make(struct sopool_pool *pool);

#endif
