/* libc.h - what the GNU C library has and others, such as musl, have not: the
 * same by system calls and by what POSIX has. */
#ifndef SOPOOL_BASE_LIBC_H
#define SOPOOL_BASE_LIBC_H

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#if __has_include(<sys/pidfd.h>)

#include <sys/pidfd.h>

#else

#include <sys/syscall.h>

static inline int pidfd_open(pid_t pid, unsigned flags)
{
    return (int)syscall(SYS_pidfd_open, pid, flags);
}

static inline int pidfd_send_signal(int pidfd, int sig, siginfo_t *info,
                                    unsigned flags)
{
    return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, info, flags);
}

#endif

#ifdef __GLIBC__

#include <string.h>

typedef __rlimit_resource_t rlimit_kind;

#else

#include <sys/syscall.h>

typedef int rlimit_kind;

static inline int close_range(unsigned first, unsigned last, int flags)
{
    return (int)syscall(SYS_close_range, first, last, flags);
}

/* "SEGV"; NULL for what is no signal with a name. */
const char *sigabbrev_np(int sig);
const char *sigdescr_np(int sig);

int scandirat(int folder, const char *path, struct dirent ***entries,
              int (*wanted)(const struct dirent *),
              int (*order)(const struct dirent **, const struct dirent **));

#endif

#endif
