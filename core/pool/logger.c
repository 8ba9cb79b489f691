/* logger.c - see logger.h. */
#include "pool/logger.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"

enum { LINE_ROOM = 4096, TAIL_ROOM = 512, EVENTS = 16 };

/* One worker's pipe, the line that it has begun, and what it printed last. */
struct source {
    struct source *next;
    uint64_t id;
    int fd;         /* -1 once nobody writes to it */
    bool forgotten; /* nobody asks for its last words any more */
    size_t size, tail_size;
    char line[LINE_ROOM];
    char tail[TAIL_ROOM];
};

/* Sources are changed under the lock, and freed by the thread alone. Nothing is
 * locked while the thread writes, which may take long. */
struct logger {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* ended */
    struct source *sources;
    bool stop;
    bool ended; /* the thread is about to */
    int wake;   /* an eventfd */
    int epoll;  /* for it, and for the sources that have not ended */

    /* The thread's own. */
    size_t out_size;
    char out[LINE_ROOM + 1];
};

/* ---- with the lock ----------------------------------------------------- */

static void keep_tail(struct source *s, const char *text, size_t size)
{
    if (size > TAIL_ROOM) {
        text += size - TAIL_ROOM;
        size = TAIL_ROOM;
    }
    if (s->tail_size + size > TAIL_ROOM) {
        size_t drop = s->tail_size + size - TAIL_ROOM;

        memmove(s->tail, s->tail + drop, s->tail_size - drop);
        s->tail_size -= drop;
    }
    memcpy(s->tail + s->tail_size, text, size);
    s->tail_size += size;
}

enum got { GOT_SOME, GOT_NONE, GOT_END };

/* Reads as much as there is room for. */
static enum got read_source(struct source *s)
{
    ssize_t got;

    if (s->fd < 0)
        return GOT_END;
    if (s->size == LINE_ROOM)
        return GOT_NONE;
    do
        got = read(s->fd, s->line + s->size, LINE_ROOM - s->size);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == EAGAIN ? GOT_NONE : GOT_END;
    if (got == 0)
        return GOT_END;
    keep_tail(s, s->line + s->size, (size_t)got);
    s->size += (size_t)got;
    return GOT_SOME;
}

/* Takes the whole lines out, to be written, or all if that is all there will
 * be, or if there is no room for more. */
static void take_lines(struct logger *logger, struct source *s, bool all)
{
    const char *end = memrchr(s->line, '\n', s->size);
    size_t whole = end == NULL ? 0 : (size_t)(end - s->line) + 1;

    if (all || (whole == 0 && s->size == LINE_ROOM))
        whole = s->size;
    memcpy(logger->out, s->line, whole);
    logger->out_size = whole;
    if (all && whole > 0 && s->line[whole - 1] != '\n')
        logger->out[logger->out_size++] = '\n';
    s->size -= whole;
    memmove(s->line, s->line + whole, s->size);
}

/* A forked worker may hold copies of descriptors, so that closing alone would
 * not end the watching. */
static void end_source(struct logger *logger, struct source *s)
{
    if (s->fd < 0)
        return;
    (void)epoll_ctl(logger->epoll, EPOLL_CTL_DEL, s->fd, NULL);
    (void)close(s->fd);
    s->fd = -1;
}

/* NULL: the eventfd. */
static int watch(struct logger *logger, int fd, struct source *s)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = s}};

    return epoll_ctl(logger->epoll, EPOLL_CTL_ADD, fd, &event);
}

static struct source *find(struct logger *logger, uint64_t id)
{
    struct source *s = logger->sources;

    while (s != NULL && s->id != id)
        s = s->next;
    return s;
}

static void free_ended(struct logger *logger, bool all)
{
    struct source **at = &logger->sources;

    while (*at != NULL) {
        struct source *s = *at;

        if (!all && (s->fd >= 0 || !s->forgotten)) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        end_source(logger, s);
        free(s);
    }
}

/* ---- the thread -------------------------------------------------------- */

/* Reads and writes what there is of a source. */
static void serve(struct logger *logger, struct source *s, bool last)
{
    enum got got;

    do {
        pthread_mutex_lock(&logger->lock);
        got = read_source(s);
        take_lines(logger, s, got == GOT_END || (last && got == GOT_NONE));
        if (got == GOT_END)
            end_source(logger, s);
        pthread_mutex_unlock(&logger->lock);
        (void)file_write(STDERR_FILENO, logger->out, logger->out_size);
    } while (got == GOT_SOME);
}

static void serve_all(struct logger *logger, bool last)
{
    struct source *s;

    pthread_mutex_lock(&logger->lock);
    s = logger->sources; /* what is added comes before it */
    pthread_mutex_unlock(&logger->lock);
    for (; s != NULL; s = s->next)
        serve(logger, s, last);
}

/* Was it woken, or is it to stop? Then some may have been read by others. */
static bool is_called(struct logger *logger, bool *stop)
{
    uint64_t count;

    if (read(logger->wake, &count, sizeof(count)) < 0)
        return false;
    pthread_mutex_lock(&logger->lock);
    *stop = logger->stop;
    pthread_mutex_unlock(&logger->lock);
    return true;
}

static void *run(void *arg)
{
    struct logger *logger = arg;
    struct epoll_event events[EVENTS];
    bool stop = false;

    while (!stop) {
        int count = epoll_wait(logger->epoll, events, EVENTS, -1);

        for (int i = 0; i < count; i++)
            if (events[i].data.ptr != NULL)
                serve(logger, events[i].data.ptr, false);
            else if (is_called(logger, &stop))
                serve_all(logger, stop);
        pthread_mutex_lock(&logger->lock);
        free_ended(logger, stop);
        pthread_mutex_unlock(&logger->lock);
    }
    pthread_mutex_lock(&logger->lock);
    logger->ended = true;
    pthread_cond_signal(&logger->changed);
    pthread_mutex_unlock(&logger->lock);
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

static void free_logger(struct logger *logger)
{
    if (logger->epoll >= 0)
        (void)close(logger->epoll);
    if (logger->wake >= 0)
        (void)close(logger->wake);
    (void)pthread_cond_destroy(&logger->changed);
    (void)pthread_mutex_destroy(&logger->lock);
    free(logger);
}

static int start(struct logger *logger)
{
    logger->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    logger->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (logger->wake < 0 || logger->epoll < 0 ||
        watch(logger, logger->wake, NULL) != 0)
        return -1;
    errno = start_thread(logger);
    return errno == 0 ? 0 : -1;
}

struct logger *logger_start(sopool_error *err)
{
    struct logger *logger = calloc(1, sizeof(*logger));

    if (logger == NULL) {
        (void)error_nomem(err);
        return NULL;
    }
    (void)pthread_mutex_init(&logger->lock, NULL);
    clock_cond_init(&logger->changed);
    logger->wake = logger->epoll = -1;
    if (start(logger) == 0)
        return logger;
    (void)error_errno(err, "cannot start the log");
    free_logger(logger);
    return NULL;
}

int logger_add(struct logger *logger, uint64_t id, int fd, sopool_error *err)
{
    struct source *s = calloc(1, sizeof(*s));

    if (s == NULL || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        free(s);
        (void)close(fd);
        return error_nomem(err);
    }
    s->id = id;
    s->fd = fd;
    pthread_mutex_lock(&logger->lock);
    s->next = logger->sources;
    logger->sources = s;
    if (watch(logger, fd, s) != 0) {
        (void)error_errno(err, "cannot watch a worker's output");
        logger->sources = s->next;
        (void)close(fd);
        free(s);
        s = NULL;
    }
    pthread_mutex_unlock(&logger->lock);
    return s != NULL ? 0 : -1;
}

size_t logger_last(struct logger *logger, uint64_t id, char *out, size_t room)
{
    size_t size = 0;
    struct source *s;

    pthread_mutex_lock(&logger->lock);
    s = find(logger, id);
    if (s != NULL) {
        while (read_source(s) == GOT_SOME)
            ;
        size = s->tail_size < room ? s->tail_size : room;
        memcpy(out, s->tail + s->tail_size - size, size);
    }
    pthread_mutex_unlock(&logger->lock);
    wake(logger); /* what was read here is to be written */
    return size;
}

void logger_forget(struct logger *logger, uint64_t id)
{
    struct source *s;

    pthread_mutex_lock(&logger->lock);
    s = find(logger, id);
    if (s != NULL)
        s->forgotten = true; /* the thread frees it when it comes by */
    pthread_mutex_unlock(&logger->lock);
}

/* Waits until the thread is about to end, a second at most. */
static bool await_end(struct logger *logger)
{
    int64_t until = clock_now() + NS_PER_S;
    int status = 0;
    bool ended;

    pthread_mutex_lock(&logger->lock);
    logger->stop = true;
    wake(logger);
    while (!logger->ended && status == 0)
        status = clock_wait(&logger->changed, &logger->lock, until);
    ended = logger->ended;
    pthread_mutex_unlock(&logger->lock);
    return ended;
}

void logger_stop(struct logger *logger)
{
    if (logger == NULL)
        return;
    if (!await_end(logger)) {
        /* Standard error takes nothing; the thread keeps what it uses. */
        (void)pthread_detach(logger->thread);
        return;
    }
    (void)pthread_join(logger->thread, NULL);
    free_logger(logger);
}
