/* tidy.c - see tidy.h. */
#include "worker/tidy.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/libc.h"

enum { STEP_MOST = 256 };

extern char **environ;

/* ---- descriptors ------------------------------------------------------- */

static struct tidy_file file_of(int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return (struct tidy_file){0, 0};
    return (struct tidy_file){st.st_dev, st.st_ino};
}

static bool is_file(int fd, const struct tidy_file *file)
{
    struct tidy_file now = file_of(fd);

    return now.dev == file->dev && now.ino == file->ino;
}

static bool go_back(const struct tidy_order *order)
{
    struct stat st;

    if (stat(".", &st) == 0 && st.st_dev == order->folder_is.dev &&
        st.st_ino == order->folder_is.ino)
        return true;
    return is_file(order->folder, &order->folder_is) &&
           fchdir(order->folder) == 0;
}

/* ---- signals ----------------------------------------------------------- */

static bool same_action(const struct sigaction *a, const struct sigaction *b)
{
    return a->sa_flags == b->sa_flags && a->sa_sigaction == b->sa_sigaction;
}

static void restore_signals(const struct tidy_order *order)
{
    static const struct itimerval never;
    struct sigaction now;
    stack_t stack;

    for (int sig = 1; sig < TIDY_SIGNALS; sig++)
        if (sigaction(sig, NULL, &now) == 0 &&
            !same_action(&now, &order->action[sig]))
            (void)sigaction(sig, &order->action[sig], NULL);
    if (sigaltstack(NULL, &stack) == 0 && stack.ss_sp != order->stack.ss_sp)
        (void)sigaltstack(&order->stack, NULL);
    (void)setitimer(ITIMER_REAL, &never, NULL); /* alarm(), too */
    (void)setitimer(ITIMER_VIRTUAL, &never, NULL);
    (void)setitimer(ITIMER_PROF, &never, NULL);
    (void)pthread_sigmask(SIG_SETMASK, &order->blocked, NULL);
}

/* ---- limits ------------------------------------------------------------ */

static void restore_limits(const struct tidy_order *order)
{
    struct rlimit now;

    for (int i = 0; i < RLIM_NLIMITS; i++) {
        struct rlimit was = order->limit[i];

        if (getrlimit((rlimit_kind)i, &now) != 0)
            continue;
        if (i == RLIMIT_CPU) /* moves with each call: see run.c */
            was.rlim_cur = now.rlim_cur;
        if (now.rlim_cur != was.rlim_cur || now.rlim_max != was.rlim_max)
            (void)setrlimit((rlimit_kind)i, &was);
    }
}

/* ---- locale and environment -------------------------------------------- */

static void restore_locale(const struct tidy_order *order)
{
    const char *now = setlocale(LC_ALL, NULL);

    if (uselocale((locale_t)0) != order->thread_locale)
        (void)uselocale(order->thread_locale);
    if (now == NULL || strcmp(now, order->locale) != 0)
        (void)setlocale(LC_ALL, order->locale);
}

static bool same_environment(char *const *now, char *const *was)
{
    if (now == NULL)
        return was[0] == NULL;
    for (; *now != NULL && *was != NULL; now++, was++)
        if (strcmp(*now, *was) != 0)
            return false;
    return *now == NULL && *was == NULL;
}

static size_t name_size(const char *entry)
{
    return strcspn(entry, "=");
}

static bool has_name(char *const *entries, const char *name, size_t size)
{
    for (; *entries != NULL; entries++)
        if (name_size(*entries) == size && memcmp(*entries, name, size) == 0)
            return true;
    return false;
}

/* One that was not there before; false: there is none. */
static bool drop_one(const struct tidy_order *order)
{
    char name[256];

    for (char **at = environ; at != NULL && *at != NULL; at++) {
        size_t size = name_size(*at);

        if (has_name(order->environment, *at, size) || size == 0 ||
            size >= sizeof(name))
            continue;
        memcpy(name, *at, size);
        name[size] = '\0';
        return unsetenv(name) == 0;
    }
    return false;
}

static void set_one(const char *entry)
{
    char name[256];
    size_t size = name_size(entry);
    const char *now;

    if (size == 0 || size >= sizeof(name) || entry[size] != '=')
        return;
    memcpy(name, entry, size);
    name[size] = '\0';
    now = getenv(name);
    if (now == NULL || strcmp(now, entry + size + 1) != 0)
        (void)setenv(name, entry + size + 1, 1);
}

/* By setenv(), which keeps what it once was given: to put the whole list in
 * place would leak one for each call that changes it. */
static void restore_environment(const struct tidy_order *order)
{
    if (same_environment(environ, order->environment))
        return;
    while (drop_one(order))
        ;
    for (char **at = order->environment; *at != NULL; at++)
        set_one(*at);
}

static char **copy_environment(void)
{
    size_t count = 0;
    char **copy;

    while (environ != NULL && environ[count] != NULL)
        count++;
    copy = calloc(count + 1, sizeof(*copy));
    for (size_t i = 0; copy != NULL && i < count; i++)
        copy[i] = strdup(environ[i]); /* NULL ends the list: it is shorter */
    return copy;
}

/* ---- all of it --------------------------------------------------------- */

static void begin(struct tidy *tidy, int control)
{
    tidy->look = tidy->step = 1;
    tidy->done_ns = clock_now();
    tidy->control = control;
    tidy->control_is = file_of(control);
    tidy->group = getpgrp();
    for (int i = 0; i < 2; i++)
        tidy->output_is[i] = file_of(STDOUT_FILENO + i);
}

void tidy_inherit(struct tidy *tidy, const struct tidy *before, int control)
{
    *tidy = (struct tidy){.order = before->order};
    begin(tidy, control);
}

static int look(struct tidy_order *order)
{
    order->user = geteuid();
    order->mask = umask(0);
    (void)umask(order->mask);
    order->folder = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    order->folder_is = file_of(order->folder);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &order->blocked);
    for (int sig = 1; sig < TIDY_SIGNALS; sig++)
        (void)sigaction(sig, NULL, &order->action[sig]);
    (void)sigaltstack(NULL, &order->stack);
    for (int i = 0; i < RLIM_NLIMITS; i++)
        (void)getrlimit((rlimit_kind)i, &order->limit[i]);
    order->thread_locale = uselocale((locale_t)0);
    order->locale = strdup(setlocale(LC_ALL, NULL));
    order->environment = copy_environment();
    return order->locale != NULL && order->environment != NULL ? 0 : -1;
}

int tidy_init(struct tidy *tidy, int control)
{
    memset(tidy, 0, sizeof(*tidy));
    begin(tidy, control);
    tidy->order = tidy->own = calloc(1, sizeof(*tidy->own));
    return tidy->own != NULL ? look(tidy->own) : -1;
}

void tidy_finish(struct tidy *tidy)
{
    struct tidy_order *order = tidy->own;

    if (order == NULL)
        return;
    for (char **at = order->environment; at != NULL && *at != NULL; at++)
        free(*at);
    free(order->environment);
    free(order->locale);
    free(order);
    tidy->own = NULL;
}

const char *tidy_up(struct tidy *tidy)
{
    const struct tidy_order *order = tidy->order;

    if (!is_file(tidy->control, &tidy->control_is))
        return "a task closed the worker's control socket";
    for (int i = 0; i < 2; i++)
        if (!is_file(STDOUT_FILENO + i, &tidy->output_is[i]))
            return "a task closed or replaced the worker's output";
    if (geteuid() != order->user)
        return "a task changed the worker's user";
    if (!go_back(order))
        return "a task left the working directory, and there is no way back";
    if (getpgrp() != tidy->group)
        (void)setpgid(0, tidy->group);
    (void)umask(order->mask);
    restore_signals(order);
    restore_limits(order);
    restore_locale(order);
    restore_environment(order);
    return NULL;
}

static const char *tidy_now(struct tidy *tidy, int64_t now)
{
    tidy->done_ns = now;
    tidy->used = false;
    tidy->look = tidy->step = 1;
    return tidy_up(tidy);
}

const char *tidy_when_due(struct tidy *tidy)
{
    int64_t now = clock_now();

    if (now - tidy->done_ns >= TIDY_NS)
        return tidy_now(tidy, now);
    if (tidy->step < STEP_MOST)
        tidy->step *= 2;
    tidy->look = tidy->step;
    return NULL;
}

const char *tidy_before(struct tidy *tidy, int64_t *now)
{
    const char *why;

    if (!tidy->used || *now - tidy->done_ns < TIDY_NS)
        return NULL;
    why = tidy_now(tidy, *now);
    *now = clock_now();
    return why;
}

const char *tidy_idle(struct tidy *tidy)
{
    return tidy->used ? tidy_now(tidy, clock_now()) : NULL;
}
