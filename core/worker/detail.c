/* detail.c - see detail.h. */
#include "worker/detail.h"

#include <sys/resource.h>
#include <time.h>

#include "base/clock.h"

/* Of a thread worker its own time; that of threads which its tasks start is
 * not told apart from the program's. */
static int64_t cpu_used(const struct detail *detail)
{
    struct timespec used = {0};

    (void)clock_gettime(detail->process ? CLOCK_PROCESS_CPUTIME_ID
                                        : CLOCK_THREAD_CPUTIME_ID,
                        &used);
    return used.tv_sec * NS_PER_S + used.tv_nsec;
}

void detail_clear(struct detail *detail)
{
    detail->said = (struct item_detail){.started = 0};
}

void detail_begin(struct detail *detail)
{
    detail_clear(detail);
    detail->cpu = cpu_used(detail);
    detail->said.started = clock_now();
}

void detail_end(struct detail *detail)
{
    struct rusage usage = {0};

    detail->said.duration = clock_now() - detail->said.started;
    detail->said.cpu = cpu_used(detail) - detail->cpu;
    (void)getrusage(RUSAGE_SELF, &usage);
    detail->said.peak = (uint64_t)usage.ru_maxrss;
}
