/* libc.c - see libc.h. */
#include "base/libc.h"

#ifndef __GLIBC__

#include <stdio.h>
#include <string.h>

const char *sigabbrev_np(int sig)
{
    static const char *const names[] = {
        [SIGHUP] = "HUP",       [SIGINT] = "INT",   [SIGQUIT] = "QUIT",
        [SIGILL] = "ILL",       [SIGTRAP] = "TRAP", [SIGABRT] = "ABRT",
        [SIGBUS] = "BUS",       [SIGFPE] = "FPE",   [SIGKILL] = "KILL",
        [SIGUSR1] = "USR1",     [SIGSEGV] = "SEGV", [SIGUSR2] = "USR2",
        [SIGPIPE] = "PIPE",     [SIGALRM] = "ALRM", [SIGTERM] = "TERM",
        [SIGCHLD] = "CHLD",     [SIGCONT] = "CONT", [SIGSTOP] = "STOP",
        [SIGTSTP] = "TSTP",     [SIGTTIN] = "TTIN", [SIGTTOU] = "TTOU",
        [SIGURG] = "URG",       [SIGXCPU] = "XCPU", [SIGXFSZ] = "XFSZ",
        [SIGVTALRM] = "VTALRM", [SIGPROF] = "PROF", [SIGWINCH] = "WINCH",
        [SIGPOLL] = "POLL",     [SIGPWR] = "PWR",   [SIGSYS] = "SYS",
    };

    if (sig < 0 || (size_t)sig >= sizeof(names) / sizeof(names[0]))
        return NULL;
    return names[sig];
}

const char *sigdescr_np(int sig)
{
    return sigabbrev_np(sig) != NULL ? strsignal(sig) : NULL;
}

int scandirat(int folder, const char *path, struct dirent ***entries,
              int (*wanted)(const struct dirent *),
              int (*order)(const struct dirent **, const struct dirent **))
{
    char whole[4096];

    (void)snprintf(whole, sizeof(whole), "/proc/self/fd/%d/%s", folder, path);
    return scandir(whole, entries, wanted, order);
}

#else

/* A file has to have something in it. */
typedef int libc_has_all;

#endif
