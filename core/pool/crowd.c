/* crowd.c - how many workers are enough. See pool.h.
 *
 * A pool may have more workers than there are processors, for calls that wait.
 * Short calls that keep a processor busy are not done sooner by more workers
 * than processors: each has to be woken, has its own rings to warm up, and
 * takes turns with the others. So as many as there are processors get such
 * calls, always the same ones, and the others sleep on.
 *
 * Whether a task's calls keep a processor busy is seen from how long the
 * workers run, or are kept from running by others. That is what lately was. So
 * a worker that is late with its results and waits for something does not
 * count as busy, and when as many as there are processors do, all get some.
 */
#include "pool/pool.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

enum {
    SAMPLE_NS = 2000000, /* of calls' time between looks at a worker's clock */
    VERY_LATE_MS = 50,
    WHOLE = 1024,
    /* A task waits so much of its time: more workers help. */
    MUCH = WHOLE * 3 / 8,
};

static bool is_crowded(const struct sopool_pool *pool)
{
    return pool->processes > pool->cpus &&
           pool->options->start_method != START_THREAD;
}

/* For how long a worker would have liked to have a processor and had none; -1:
 * the kernel does not say. */
static int64_t time_queued(const struct member *m)
{
    unsigned long long queued;
    char path[64], text[128];
    ssize_t size;
    int fd;

    (void)snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)m->pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    size = read(fd, text, sizeof(text) - 1);
    (void)close(fd);
    if (size <= 0)
        return -1;
    text[size] = '\0';
    return sscanf(text, "%*u %llu", &queued) == 1 ? (int64_t)queued : -1;
}

/* For how long it has run or would have; -1: the kernel does not say. What
 * schedstat has of the former may be a tick old, which is too long. */
static int64_t time_used(const struct member *m)
{
    int64_t queued = time_queued(m);
    struct timespec ran;
    clockid_t clock;

    if (queued < 0 || clock_getcpuclockid(m->pid, &clock) != 0 ||
        clock_gettime(clock, &ran) != 0)
        return -1;
    return ran.tv_sec * NS_PER_S + ran.tv_nsec + queued;
}

/* So much of `busy_ns` was not spent waiting. */
static void learn_waits(struct task_record *task, uint64_t busy_ns,
                        uint64_t used_ns)
{
    uint32_t waits = used_ns >= busy_ns
                         ? 0
                         : (uint32_t)((busy_ns - used_ns) * WHOLE / busy_ns);

    task->waits = (task->waits * 3 + waits) / 4;
}

void crowd_learn(struct member *m, uint32_t task, uint64_t busy_ns)
{
    struct sample *sample = &m->sample;

    if (!is_crowded(m->pool) || busy_ns > (uint64_t)INT64_MAX)
        return;
    if (sample->busy_ns > 0 && sample->task != task)
        sample->mixed = true;
    sample->task = task;
    sample->busy_ns += busy_ns;
}

void crowd_sample(struct member *m)
{
    struct sample *sample = &m->sample;
    int64_t used;

    if (sample->busy_ns < SAMPLE_NS)
        return;
    used = time_used(m);
    if (used < 0)
        m->pool->task[sample->task].waits = WHOLE;
    else if (sample->used_ns > 0 && !sample->mixed)
        learn_waits(&m->pool->task[sample->task], sample->busy_ns,
                    (uint64_t)(used - sample->used_ns));
    *sample = (struct sample){.used_ns = used};
}

uint32_t crowd_enough(const struct sopool_pool *pool, uint32_t task)
{
    const struct task_record *record = &pool->task[task];

    if (!is_crowded(pool) || record->each_ns == 0 ||
        record->each_ns > BRIEF_NS || record->waits > MUCH)
        return pool->processes;
    return pool->cpus;
}

bool crowd_is_full(const struct sopool_pool *pool, uint32_t task)
{
    uint32_t enough = crowd_enough(pool, task);

    return enough < pool->processes && pool->busy >= enough && !pool->late;
}

/* Is it late with its results? Not for want of a processor, unless that takes
 * very long, too: more workers would make that worse. */
static bool is_late(struct member *m, int64_t now)
{
    const struct parent_seen seen = parent_see(&m->end, m->end.reading);

    if (m->inflight == 0 || m->end.answers != m->moved || parent_news(&seen)) {
        m->moved = m->end.answers;
        m->moved_at = m->asked_at = now;
        return false;
    }
    if (m->late || now - m->asked_at < LATE_MS * NS_PER_MS)
        return m->late;
    m->asked_at = now;
    return now - m->moved_at >= VERY_LATE_MS * NS_PER_MS ||
           member_process_state(m) != 'R';
}

void crowd_look(struct sopool_pool *pool)
{
    uint32_t late = 0;
    int64_t now;

    pool->busy = 0;
    pool->held = pool->late = false;
    if (!is_crowded(pool))
        return;
    now = clock_now();
    for (struct member *m = pool->members; m != NULL; m = m->next) {
        m->late = m->state == MEMBER_READY && is_late(m, now);
        late += m->late && m->slow == 0;
        pool->busy += crowd_is_busy(m);
    }
    pool->late = late >= pool->cpus;
}

bool crowd_is_busy(const struct member *m)
{
    return m->state == MEMBER_READY && m->inflight > 0 && m->slow == 0 &&
           !m->late;
}
