/* session.c - see session.h. */
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "message.h"
#include "status.h"

/* How long the workers may take to end, when the command must. */
enum { END_MS = 3000 };

static struct {
    int input, output;
    bool pipe_signal; /* SIGPIPE was not ignored by whoever started us */
    sigset_t signals; /* those that end the command */
    atomic_bool ending;
    atomic_int status; /* that the command is being ended with */
    pthread_mutex_t lock;
    sopool_pool *pool; /* under the lock, as: */
    void (*tell)(void *ctx, int sig);
    void *ctx;
    pthread_t teller; /* who asked for it */
    pthread_mutex_t asking;
    session_asked_fn *asked; /* under `asking` */
    void *asked_ctx;
} session = {
    .input = STDIN_FILENO,
    .output = STDOUT_FILENO,
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .asking = PTHREAD_MUTEX_INITIALIZER,
};

/* ---- the beginning ----------------------------------------------------- */

/* A missing descriptor is filled with one that gives the same error, so that
 * no file of ours is ever taken for it. */
static void fill_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

void session_init(void)
{
    struct sigaction before;

    fill_descriptors();
    (void)sigaction(SIGPIPE, NULL, &before);
    session.pipe_signal = before.sa_handler != SIG_IGN;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow: an error */
}

static int move_descriptors(void)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    session.input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    session.output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (null < 0 || session.input < 0 || session.output < 0 ||
        dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return -1;
    (void)close(null);
    return 0;
}

static void die(int sig)
{
    sigset_t set;

    (void)signal(sig, SIG_DFL);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, sig);
    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    (void)raise(sig);
    _exit(128 + sig);
}

/* A signal handler: the workers took too long to end. */
static void give_up(int sig)
{
    int status = atomic_load(&session.status);

    (void)sig;
    if (status > 128)
        die(status - 128);
    _exit(status);
}

/* Ends the workers; who holds the lock ends the process, with that status. It
 * ends so in any case, be the pool in whatever state. */
static void end_pool(int status)
{
    sigset_t set;

    atomic_store(&session.status, status);
    (void)signal(SIGALRM, give_up);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGALRM);
    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    (void)alarm(END_MS / 1000 + 1);
    (void)pthread_mutex_lock(&session.lock);
    if (session.pool == NULL)
        return;
    sopool_terminate(session.pool);
    (void)sopool_join(session.pool, END_MS, NULL);
}

void session_on_asked(session_asked_fn *asked, void *ctx)
{
    (void)pthread_mutex_lock(&session.asking);
    session.asked = asked;
    session.asked_ctx = ctx;
    (void)pthread_mutex_unlock(&session.asking);
}

static void answer(void)
{
    (void)pthread_mutex_lock(&session.asking);
    if (session.asked != NULL)
        session.asked(session.asked_ctx);
    (void)pthread_mutex_unlock(&session.asking);
}

/* The next signal that ends the command, or -1; answers those that only ask. */
static int await_end(void)
{
    sigset_t all = session.signals;
    int sig;

    (void)sigaddset(&all, SIGUSR1);
    do {
        if (sigwait(&all, &sig) != 0)
            return -1;
        if (sig == SIGUSR1)
            answer();
    } while (sig == SIGUSR1);
    return sig;
}

/* Waits for a signal that ends the command. One that comes after it ends the
 * process at once, as if nobody waited for it. */
static void *take_signals(void *arg)
{
    static const int all[] = {SIGINT, SIGTERM, SIGHUP};
    int sig = await_end();

    (void)arg;
    if (sig < 0)
        return NULL;
    atomic_store(&session.ending, true);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (sigismember(&session.signals, all[i]) == 1)
            (void)signal(all[i], SIG_DFL);
    (void)pthread_sigmask(SIG_UNBLOCK, &session.signals, NULL);
    message_bar_end();
    end_pool(128 + sig);
    if (session.tell != NULL)
        session.tell(session.ctx, sig);
    die(sig);
    return NULL;
}

/* A signal that was ignored when the command started (nohup) stays so. */
static void choose_signal(int sig)
{
    struct sigaction before;

    if (sigaction(sig, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        (void)sigaddset(&session.signals, sig);
}

static int start_thread(void)
{
    pthread_t thread;
    sigset_t asking;

    (void)sigemptyset(&session.signals);
    choose_signal(SIGINT);
    choose_signal(SIGTERM);
    choose_signal(SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &session.signals, NULL);
    (void)sigemptyset(&asking);
    (void)sigaddset(&asking, SIGUSR1);
    (void)pthread_sigmask(SIG_BLOCK, &asking, NULL);
    errno = pthread_create(&thread, NULL, take_signals, NULL);
    if (errno != 0)
        return -1;
    (void)pthread_detach(thread);
    return 0;
}

int session_begin(void)
{
    if (move_descriptors() == 0 && start_thread() == 0)
        return 0;
    message("cannot start: %s", strerror(errno));
    return -1;
}

int session_output(void)
{
    return session.output;
}

int session_input(void)
{
    return session.input;
}

/* ---- the end ----------------------------------------------------------- */

void session_watch(sopool_pool *pool)
{
    (void)pthread_mutex_lock(&session.lock);
    session.pool = pool;
    (void)pthread_mutex_unlock(&session.lock);
    if (session_ending())
        session_await_end();
}

void session_at_end(void (*tell)(void *ctx, int sig), void *ctx)
{
    (void)pthread_mutex_lock(&session.lock);
    session.tell = tell;
    session.ctx = ctx;
    session.teller = pthread_self();
    (void)pthread_mutex_unlock(&session.lock);
}

void session_close(sopool_pool *pool)
{
    sopool_close(pool);
    (void)sopool_join(pool, END_MS, NULL);
}

void session_finish(sopool_pool *pool)
{
    session_close(pool);
    session_watch(NULL);
    sopool_destroy(pool);
}

bool session_ending(void)
{
    return atomic_load(&session.ending);
}

int session_signal(void)
{
    return session_ending() ? atomic_load(&session.status) - 128 : 0;
}

void session_await_end(void)
{
    for (;;)
        (void)pause();
}

/* With the lock, by end_pool. */
static void tell_here(void)
{
    if (session.tell != NULL && pthread_equal(session.teller, pthread_self()))
        session.tell(session.ctx, 0);
}

void session_quit(int status)
{
    end_pool(status);
    tell_here();
    exit(status);
}

void session_pipe_closed(void)
{
    end_pool(session.pipe_signal ? 128 + SIGPIPE : EXIT_FAILED);
    tell_here();
    if (session.pipe_signal)
        die(SIGPIPE);
    exit(EXIT_FAILED);
}

void session_cannot_write(int error)
{
    if (error == EPIPE && session.pipe_signal)
        session_pipe_closed();
    message("cannot write results: %s", strerror(error));
    session_quit(EXIT_FAILED);
}
