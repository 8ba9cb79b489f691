/* process.c - what every worker process does to itself first. See launch.h. */
#include "worker/launch.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

void process_reset_signals(void)
{
    sigset_t none;

    for (int sig = 1; sig < NSIG; sig++)
        (void)signal(sig, SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void settle_input(void)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (null < 0)
        return;
    (void)dup2(null, STDIN_FILENO);
    if (null > STDERR_FILENO)
        (void)close(null);
}

uint32_t usage_ms(const struct rusage *usage)
{
    const struct timeval *user = &usage->ru_utime, *sys = &usage->ru_stime;

    return (uint32_t)((user->tv_sec + sys->tv_sec) * 1000 +
                      (user->tv_usec + sys->tv_usec) / 1000);
}

bool process_settle_again(pid_t parent, int output)
{
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (output >= 0) {
        (void)dup2(output, STDOUT_FILENO);
        (void)dup2(output, STDERR_FILENO);
    }
    /* A parent that died before the prctl sends no signal any more. */
    return getppid() == parent;
}

bool process_settle(pid_t parent, int output)
{
    settle_input();
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    return process_settle_again(parent, output);
}
