/* leave.h - how a worker that the forkserver has forked ends: as by exit(), but
 * without going through all libraries for nothing.
 *
 * What exit() does in such a process, with pages that it shares with the
 * forkserver, takes a fifth of a short worker's life. Where no exit handler was
 * registered and no library has a destructor of its own, nothing of that can be
 * seen, and it is left out.
 *
 * Part of the program alone: it stands between plugins and the C library.
 */
#ifndef SOPOOL_WORKER_LEAVE_H
#define SOPOOL_WORKER_LEAVE_H

/* In the forkserver, once the plugins are open. */
void leave_prepare(void);

/* In its child. Buffered output is written. */
void leave(int status) __attribute__((noreturn));

#endif
