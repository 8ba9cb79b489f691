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
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"

enum { LINE_ROOM = 4096, TAIL_ROOM = 512 };

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
    size_t count;
    bool stop;
    bool ended; /* the thread is about to */
    int wake;   /* an eventfd */

    /* The thread's own. */
    struct pollfd *polled;
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

static void end_source(struct source *s)
{
    if (s->fd >= 0)
        (void)close(s->fd);
    s->fd = -1;
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
        end_source(s);
        free(s);
        logger->count--;
    }
}

/* ---- the thread -------------------------------------------------------- */

/* One read of a source; false when there is nothing more now. */
static bool serve(struct logger *logger, struct source *s, bool last)
{
    enum got got;

    pthread_mutex_lock(&logger->lock);
    got = read_source(s);
    take_lines(logger, s, got == GOT_END || (last && got == GOT_NONE));
    if (got == GOT_END)
        end_source(s);
    pthread_mutex_unlock(&logger->lock);
    (void)file_write(STDERR_FILENO, logger->out, logger->out_size);
    return got == GOT_SOME;
}

static void serve_all(struct logger *logger, bool last)
{
    struct source *s;

    pthread_mutex_lock(&logger->lock);
    s = logger->sources; /* what is added comes before it */
    pthread_mutex_unlock(&logger->lock);
    for (; s != NULL; s = s->next)
        while (serve(logger, s, last))
            ;
    pthread_mutex_lock(&logger->lock);
    free_ended(logger, last);
    pthread_mutex_unlock(&logger->lock);
}

/* What is to be waited for; 0: no memory. With the lock. */
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
        if (s->fd >= 0)
            grown[used++] = (struct pollfd){.fd = s->fd, .events = POLLIN};
    return used;
}

static void *run(void *arg)
{
    struct logger *logger = arg;
    bool stop = false;

    while (!stop) {
        uint64_t count;
        nfds_t polled;

        pthread_mutex_lock(&logger->lock);
        polled = fill_polled(logger);
        pthread_mutex_unlock(&logger->lock);
        if (polled == 0) /* look again in a while */
            (void)poll(NULL, 0, 100);
        else
            (void)poll(logger->polled, polled, -1);
        (void)!read(logger->wake, &count, sizeof(count));
        pthread_mutex_lock(&logger->lock);
        stop = logger->stop;
        pthread_mutex_unlock(&logger->lock);
        serve_all(logger, stop);
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

struct logger *logger_start(sopool_error *err)
{
    struct logger *logger = calloc(1, sizeof(*logger));
    int status;

    if (logger == NULL) {
        (void)error_nomem(err);
        return NULL;
    }
    (void)pthread_mutex_init(&logger->lock, NULL);
    clock_cond_init(&logger->changed);
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
    logger->count++;
    pthread_mutex_unlock(&logger->lock);
    wake(logger);
    return 0;
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
        s->forgotten = true;
    pthread_mutex_unlock(&logger->lock);
    wake(logger);
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
    (void)close(logger->wake);
    (void)pthread_cond_destroy(&logger->changed);
    (void)pthread_mutex_destroy(&logger->lock);
    free(logger->polled);
    free(logger);
}
