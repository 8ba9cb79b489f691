/* nuisance.c - tasks that change what belongs to the whole process and live on,
 * and one that looks at it. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <sopool/task.h>

extern char **environ;

static void handler(int sig)
{
    (void)sig;
}

static void sleep_ms(long ms)
{
    struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

    while (nanosleep(&ts, &ts) != 0 && errno == EINTR)
        ;
}

static void *run_on(void *arg)
{
    for (;;)
        sleep_ms(10);
    return arg;
}

/* ---- what is changed, and how it is seen ------------------------------- */

static void change_folder(void)
{
    (void)!chdir("/proc");
}

static void look_at_folder(char *out, size_t room)
{
    if (getcwd(out, room) == NULL)
        out[0] = '\0';
}

static void change_umask(void)
{
    (void)umask(0707);
}

static void look_at_umask(char *out, size_t room)
{
    mode_t mask = umask(0);

    (void)umask(mask);
    (void)snprintf(out, room, "%o", (unsigned)mask);
}

static void change_handlers(void)
{
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGSEGV, SIG_IGN);
    (void)signal(SIGUSR1, handler);
}

static void look_at_handlers(char *out, size_t room)
{
    static const int signals[] = {SIGTERM, SIGSEGV, SIGUSR1};
    size_t used = 0;

    for (size_t i = 0; i < 3; i++) {
        struct sigaction now;

        (void)sigaction(signals[i], NULL, &now);
        used += (size_t)snprintf(out + used, room - used, "%s ",
                                 now.sa_handler == SIG_DFL   ? "default"
                                 : now.sa_handler == SIG_IGN ? "ignored"
                                 : now.sa_handler == handler ? "ours"
                                                             : "the worker's");
    }
}

static void change_mask(void)
{
    sigset_t all;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, NULL);
}

static void look_at_mask(char *out, size_t room)
{
    sigset_t now;
    int blocked = 0;

    (void)pthread_sigmask(SIG_SETMASK, NULL, &now);
    for (int sig = 1; sig < 32; sig++)
        blocked += sigismember(&now, sig) == 1;
    (void)snprintf(out, room, "%d", blocked);
}

static void change_alarm(void)
{
    (void)alarm(1);
}

static void look_at_alarm(char *out, size_t room)
{
    struct itimerval now;

    (void)getitimer(ITIMER_REAL, &now);
    (void)snprintf(out, room, "%s",
                   now.it_value.tv_sec + now.it_value.tv_usec == 0 ? "none"
                                                                   : "set");
}

static void change_locale(void)
{
    (void)setlocale(LC_ALL, "C.UTF-8");
}

static void look_at_locale(char *out, size_t room)
{
    (void)snprintf(out, room, "%s", setlocale(LC_ALL, NULL));
}

static void change_environment(void)
{
    (void)setenv("SOPOOL_NUISANCE", "here", 1);
    (void)setenv("HOME", "/nowhere", 1);
    (void)unsetenv("PATH");
}

static void look_at_environment(char *out, size_t room)
{
    const char *home = getenv("HOME"), *path = getenv("PATH");
    const char *ours = getenv("SOPOOL_NUISANCE");

    (void)snprintf(out, room, "%s %s %s", home != NULL ? home : "-",
                   path != NULL ? path : "-", ours != NULL ? ours : "-");
}

static void change_limits(void)
{
    struct rlimit files;

    (void)getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_max += 64;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) == 0) /* root may raise them */
        return;
    (void)getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur /= 2;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

static void look_at_limits(char *out, size_t room)
{
    struct rlimit files;

    (void)getrlimit(RLIMIT_NOFILE, &files);
    (void)snprintf(out, room, "%llu of %llu",
                   (unsigned long long)files.rlim_cur,
                   (unsigned long long)files.rlim_max);
}

static void change_group(void)
{
    (void)setpgid(0, getpgid(getppid()));
}

static void look_at_group(char *out, size_t room)
{
    (void)snprintf(out, room, "%s", getpgrp() == getpid() ? "own" : "another");
}

static void change_descriptors(void)
{
    (void)close_range(0, ~0U, 0);
}

static void look_at_descriptors(char *out, size_t room)
{
    (void)snprintf(out, room, "%d %d", fcntl(1, F_GETFD) >= 0,
                   fcntl(2, F_GETFD) >= 0);
}

static void change_output(void)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    (void)dup2(null, 1);
    (void)close(null);
}

static void look_at_output(char *out, size_t room)
{
    struct stat st;

    (void)fstat(1, &st);
    (void)snprintf(out, room, "%s",
                   S_ISCHR(st.st_mode) ? "a device" : "a pipe");
}

static void change_threads(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, run_on, NULL) == 0)
        (void)pthread_detach(thread);
}

static void look_at_threads(char *out, size_t room)
{
    (void)snprintf(out, room, "whatever");
}

static const struct {
    const char *name;
    void (*change)(void);
    void (*look)(char *out, size_t room);
} things[] = {
    {"folder", change_folder, look_at_folder},
    {"umask", change_umask, look_at_umask},
    {"handlers", change_handlers, look_at_handlers},
    {"mask", change_mask, look_at_mask},
    {"alarm", change_alarm, look_at_alarm},
    {"locale", change_locale, look_at_locale},
    {"environment", change_environment, look_at_environment},
    {"limits", change_limits, look_at_limits},
    {"group", change_group, look_at_group},
    {"descriptors", change_descriptors, look_at_descriptors},
    {"output", change_output, look_at_output},
    {"threads", change_threads, look_at_threads},
};

static int find(const sopool_text *name)
{
    for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++)
        if (sopool_text_is(*name, things[i].name))
            return (int)i;
    return -1;
}

SOPOOL_TASK(change, i64, "Changes a thing; gives the worker's process id.",
            (str, thing))
{
    int i = find(&a->thing);

    if (i < 0)
        return sopool_fail(call, "no such thing");
    things[i].change();
    sleep_ms(2);
    *out = getpid();
    return SOPOOL_OK;
}

SOPOOL_TASK(look, str, "How a thing is.", (str, thing))
{
    static char text[4096];
    int i = find(&a->thing);

    if (i < 0)
        return sopool_fail(call, "no such thing");
    things[i].look(text, sizeof(text));
    out->ptr = text;
    out->size = strlen(text);
    return SOPOOL_OK;
}

SOPOOL_TASK(pid, i64, "The worker's process id.")
{
    *out = getpid();
    return SOPOOL_OK;
}

SOPOOL_TASK(stop, i64, "Stops itself.")
{
    (void)raise(SIGSTOP);
    *out = 0;
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(nuisance, "1.0", change, look, pid, stop);
