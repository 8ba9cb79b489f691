/* logger.c - see logger.h. */
#include "pool/logger.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

enum { LINE_ROOM = 4096 };

/* One worker's pipe, and the line that it has begun. */
struct source {
    struct source *next;
    int fd;
    size_t size;
    char line[LINE_ROOM];
};

struct logger {
    pthread_t thread;
    pthread_mutex_t lock;
    struct source *added;   /* by other threads, under the lock */
    bool stop;              /* the same */
    int wake;               /* an eventfd */
    struct source *sources; /* the thread's own */
    size_t count;
    struct pollfd *polled; /* the thread's own */
};

static void write_all(const char *text, size_t size)
{
    while (size > 0) {
        ssize_t put = write(STDERR_FILENO, text, size);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return; /* nobody to tell */
        text += put;
        size -= (size_t)put;
    }
}

/* Writes the whole lines that are there, or all when the room is used up. */
static void write_lines(struct source *s, bool all)
{
    char *end = memrchr(s->line, '\n', s->size);
    size_t whole = end == NULL ? 0 : (size_t)(end - s->line) + 1;

    if (whole == 0 && (all || s->size == LINE_ROOM))
        whole = s->size;
    write_all(s->line, whole);
    if (all && whole < s->size) {
        write_all(s->line + whole, s->size - whole);
        whole = s->size;
    }
    if (all && whole > 0 && s->line[whole - 1] != '\n')
        write_all("\n", 1);
    s->size -= whole;
    memmove(s->line, s->line + whole, s->size);
}

/* False when there will be no more. */
static bool read_source(struct source *s)
{
    for (;;) {
        ssize_t got = read(s->fd, s->line + s->size, LINE_ROOM - s->size);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno == EAGAIN;
        if (got == 0)
            return false;
        s->size += (size_t)got;
        write_lines(s, false);
    }
}

static void end_source(struct logger *logger, struct source **at)
{
    struct source *s = *at;

    if (s->size > 0)
        write_lines(s, true);
    *at = s->next;
    (void)close(s->fd);
    free(s);
    logger->count--;
}

static void read_all(struct logger *logger)
{
    struct source **at = &logger->sources;

    while (*at != NULL) {
        if (read_source(*at))
            at = &(*at)->next;
        else
            end_source(logger, at);
    }
}

/* Takes over what was added; true when it is time to end. */
static bool take_added(struct logger *logger)
{
    uint64_t count;
    bool stop;

    (void)!read(logger->wake, &count, sizeof(count));
    pthread_mutex_lock(&logger->lock);
    while (logger->added != NULL) {
        struct source *s = logger->added;

        logger->added = s->next;
        s->next = logger->sources;
        logger->sources = s;
        logger->count++;
    }
    stop = logger->stop;
    pthread_mutex_unlock(&logger->lock);
    return stop;
}

static nfds_t fill_polled(struct logger *logger)
{
    struct pollfd *grown =
        reallocarray(logger->polled, logger->count + 1, sizeof(*grown));
    nfds_t used = 0;

    if (grown == NULL)
        return 0;
    logger->polled = grown;
    grown[used++] = (struct pollfd){.fd = logger->wake, .events = POLLIN};
    for (const struct source *s = logger->sources; s != NULL; s = s->next)
        grown[used++] = (struct pollfd){.fd = s->fd, .events = POLLIN};
    return used;
}

static void *run(void *arg)
{
    struct logger *logger = arg;

    while (!take_added(logger)) {
        nfds_t count = fill_polled(logger);

        if (count == 0) /* no memory: look again in a while */
            (void)poll(NULL, 0, 100);
        else
            (void)poll(logger->polled, count, -1);
        read_all(logger);
    }
    read_all(logger);
    while (logger->sources != NULL)
        end_source(logger, &logger->sources);
    return NULL;
}

static void wake(struct logger *logger)
{
    const uint64_t one = 1;

    (void)!write(logger->wake, &one, sizeof(one));
}

static int start_thread(struct logger *logger)
{
    sigset_t all, before;
    int status;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    status = pthread_create(&logger->thread, NULL, run, logger);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

struct logger *logger_start(sopool_error *err)
{
    struct logger *logger = calloc(1, sizeof(*logger));
    int status;

    if (logger == NULL) {
        (void)error_nomem(err);
        return NULL;
    }
    (void)pthread_mutex_init(&logger->lock, NULL);
    logger->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (logger->wake >= 0) {
        status = start_thread(logger);
        if (status == 0)
            return logger;
        (void)close(logger->wake);
        errno = status;
    }
    (void)error_errno(err, "cannot start the log");
    free(logger);
    return NULL;
}

int logger_add(struct logger *logger, int fd, sopool_error *err)
{
    struct source *s = calloc(1, sizeof(*s));

    if (s == NULL || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        free(s);
        (void)close(fd);
        return error_nomem(err);
    }
    s->fd = fd;
    pthread_mutex_lock(&logger->lock);
    s->next = logger->added;
    logger->added = s;
    pthread_mutex_unlock(&logger->lock);
    wake(logger);
    return 0;
}

void logger_stop(struct logger *logger)
{
    struct timespec until;

    if (logger == NULL)
        return;
    pthread_mutex_lock(&logger->lock);
    logger->stop = true;
    pthread_mutex_unlock(&logger->lock);
    wake(logger);
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    if (pthread_timedjoin_np(logger->thread, NULL, &until) != 0) {
        /* Standard error takes nothing; the thread keeps what it uses. */
        (void)pthread_detach(logger->thread);
        return;
    }
    (void)close(logger->wake);
    (void)pthread_mutex_destroy(&logger->lock);
    free(logger->polled);
    free(logger);
}
