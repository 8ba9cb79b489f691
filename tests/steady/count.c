/* count.c - a library to be preloaded: counts allocations, locks and system
 * calls of a program and of the workers that it starts.
 *
 * A program asks by counted(); a worker adds a line to the file COUNT_WORKERS
 * when it ends. Waiting by sched_yield(), and taking a lock that is free, are
 * no system calls; what the C library calls within itself is not seen.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ALLOCATIONS, LOCKS, CALLS, KINDS };

static atomic_long counts[KINDS];

long counted(int kind);
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static void count(int kind)
{
    (void)atomic_fetch_add_explicit(&counts[kind], 1, memory_order_relaxed);
}

long counted(int kind)
{
    return atomic_load(&counts[kind]);
}

static void __attribute__((destructor)) report(void)
{
    const char *path = getenv("COUNT_WORKERS");
    char line[128];
    int size, fd;

    if (path == NULL || strcmp(program_invocation_short_name, "sopool-worker"))
        return;
    size = snprintf(line, sizeof(line), "%ld %ld %ld\n", counted(ALLOCATIONS),
                    counted(LOCKS), counted(CALLS));
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) {
        (void)!write(fd, line, (size_t)size);
        (void)close(fd);
    }
}

void *malloc(size_t size)
{
    count(ALLOCATIONS);
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
    count(ALLOCATIONS);
    return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size)
{
    count(ALLOCATIONS);
    return __libc_realloc(old, size);
}

/* The function of that name behind this one. */
#define NEXT(name)                                                             \
    static _Atomic(__typeof__(&name)) next;                                    \
    __typeof__(&name) function = next;                                         \
    if (function == NULL)                                                      \
    next = function = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

int pthread_mutex_lock(pthread_mutex_t *lock)
{
    NEXT(pthread_mutex_lock);
    count(LOCKS);
    return function(lock);
}

int epoll_wait(int epoll, struct epoll_event *events, int room, int timeout)
{
    NEXT(epoll_wait);
    count(CALLS);
    return function(epoll, events, room, timeout);
}

ssize_t sendmsg(int sock, const struct msghdr *message, int flags)
{
    NEXT(sendmsg);
    count(CALLS);
    return function(sock, message, flags);
}

ssize_t recvmsg(int sock, struct msghdr *message, int flags)
{
    NEXT(recvmsg);
    count(CALLS);
    return function(sock, message, flags);
}

ssize_t read(int fd, void *data, size_t size)
{
    NEXT(read);
    count(CALLS);
    return function(fd, data, size);
}

/* Futexes, and writes to eventfds. */
long syscall(long number, ...)
{
    NEXT(syscall);
    long args[6];
    va_list ap;

    va_start(ap, number);
    for (int i = 0; i < 6; i++)
        args[i] = va_arg(ap, long);
    va_end(ap);
    count(CALLS);
    return function(number, args[0], args[1], args[2], args[3], args[4],
                    args[5]);
}
