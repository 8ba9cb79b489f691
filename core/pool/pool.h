/* pool.h - the pool inside: what the files of this folder share.
 *
 * One lock guards everything here. Threads that submit put ranges in the queue
 * and fill workers themselves (feed.c); the dispatcher thread (dispatch.c)
 * reads results, starts and buries workers and keeps time. It sleeps in epoll
 * when there is nothing to do.
 *
 *   pool.c      making and ending a pool; the queue
 *   member.c    one worker as the pool sees it: start, messages, results
 *   obituary.c  a worker's death: what it was doing, who ended it
 *   feed.c      which worker gets which calls
 *   server.c    the forkserver
 *   dispatch.c  the thread
 *   settle.c    outcomes of calls
 *   apply.c  stream.c   how programs submit
 */
#ifndef SOPOOL_POOL_POOL_H
#define SOPOOL_POOL_POOL_H

#include <pthread.h>

#include "base/clock.h"
#include "channel/channel.h"
#include "plugin/catalog.h"
#include "pool/batch.h"
#include "pool/logger.h"
#include "pool/options.h"
#include "sopool.h"
#include "worker/launch.h"

enum {
    MEMBER_BIGS = 64,   /* memory files of a worker not fetched yet */
    START_FAILURES = 5, /* in a row, before the pool is broken */
    START_SECONDS = 60, /* to get ready, the initializer aside */
    RANGE_NS = 100000,  /* work that should wait in a range */
    RANGE_ITEMS = 4096, /* most calls of one */
    DEPTH = 3,          /* ranges that wait in a worker */
    CLOSED_MS = 100,    /* an idle worker may live without its socket */
};

struct sopool_pool;

/* What an epoll event is about; first member of what it is in. */
enum watch_kind { WATCH_WAKE, WATCH_CONTROL, WATCH_EXIT, WATCH_SERVER };

struct watch {
    enum watch_kind kind;
    void *owner;
};

enum member_state {
    MEMBER_STARTING, /* not ready for calls */
    MEMBER_READY,
    MEMBER_ENDING, /* told to end once it has done what it has */
    MEMBER_LOST,   /* a thread that is past its time; nothing of it counts */
    MEMBER_DEAD,   /* ended; waits for its wait status */
};

/* Part of a batch that a worker has, by the slot of its range. */
struct handed {
    struct batch *batch; /* may be gone once all of the range is answered */
    uint32_t first;
    uint32_t task;
};

struct big_result {
    uint64_t seq;
    int fd;
};

struct member {
    struct member *next; /* the pool's list */
    struct sopool_pool *pool;
    uint64_t id;
    enum member_state state;
    struct parent_end end;
    struct handed handed[CHANNEL_SLOTS];
    struct watch on_control, on_exit;
    int control; /* the pool's end; -1 once closed */
    int pidfd;   /* -1: a thread, or not forked yet */
    pid_t pid;
    bool closed;       /* its end of the control socket is */
    bool gone;         /* the process or thread has ended */
    bool status_known; /* wait_status is */
    int wait_status;
    int ended_by;      /* a sopool_ender, once the pool has acted */
    bool broke;        /* the protocol: nothing in its channel counts */
    const char *why;   /* the pool ended it, or NULL */
    uint32_t inflight; /* ranges sent, not answered in full, not taken back */
    bool fed;          /* was sent something since it was last woken */
    uint64_t budget;   /* calls that it may still be sent */
    enum phase phase;  /* what it says it is doing while it starts */
    size_t phase_plugin;
    int64_t limit_at;   /* when the start is over time, or the running call */
    uint64_t timed_seq; /* the call that limit_at is for */
    uint32_t timed_index;
    struct big_result big[MEMBER_BIGS];
    uint32_t big_count;
};

struct server {
    struct watch on_control;
    int control; /* -1: none */
    int pidfd;
    pid_t pid;
    bool ready;
    enum phase phase;
    size_t phase_plugin;
    int64_t limit_at;
};

enum pool_state { POOL_OPEN, POOL_CLOSED, POOL_TERMINATED };

struct sopool_pool {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* finished, or a blocking call is settled */
    sopool_options *options;
    sopool_catalog *catalog;
    struct worker_setup setup;
    struct logger *logger; /* NULL with threads */
    uint32_t processes;

    enum pool_state state;
    bool finished; /* all workers are gone, and the dispatcher ends */
    bool broken;   /* no worker can be had; `trouble` says why */
    sopool_error trouble;

    struct range *first, *last; /* the queue */
    struct member *members;
    struct member *buried; /* to be freed after the events at hand */
    uint32_t ready;        /* members that are */
    uint64_t next_id;
    uint32_t start_failures; /* in a row */
    int64_t start_after;     /* not before this time */
    int64_t give_up_at;      /* on threads that do not end; 0: not yet */
    struct server server;
    uint64_t *task_ns; /* by task: how long a call takes; 0: not known */

    pthread_t dispatcher;
    int epoll;
    int wake; /* an eventfd, for the dispatcher */
    struct watch on_wake;
    bool asleep;     /* the dispatcher is about to wait, or waits */
    bool look_again; /* a worker with nothing could be given something soon */
    uint64_t jitter; /* state of a small random generator */
    sopool_stats stats;
};

/* ---- pool.c ------------------------------------------------------------ */

/* With the pool locked, as all below. */
void queue_push(struct sopool_pool *pool, struct range *range);
void queue_push_front(struct sopool_pool *pool, struct range *range);

/* Puts calls that were sent already back at the head of the queue; when there
 * is no memory for that, they fail. */
void queue_give_back(struct sopool_pool *pool, struct batch *batch,
                     uint32_t first, uint32_t count);

/* Takes the first `count` calls from the head of the queue. */
void queue_take(struct sopool_pool *pool, uint32_t count);

/* Takes a batch out of the queue and back from workers that have not begun;
 * its owner hears no more of it. It is freed, now or when the rest is done. */
void batch_abandon(struct sopool_pool *pool, struct batch *batch);

/* Submits a sealed batch, or says why the pool takes none. */
int pool_submit(struct sopool_pool *pool, struct batch *batch,
                sopool_error *err);

/* No worker can be had any more: all calls fail with this. */
void pool_break(struct sopool_pool *pool, const sopool_error *why);

/* Fails all calls in the queue. */
void queue_fail(struct sopool_pool *pool, const sopool_error *why);

/* Waits for a condition until the deadline: 0, or ETIMEDOUT. */
int pool_wait(struct sopool_pool *pool, pthread_cond_t *cond, int64_t deadline);

/* Wakes the dispatcher. */
void pool_wake(struct sopool_pool *pool);

const char *pool_task_name(const struct sopool_pool *pool, uint32_t task);

/* ---- settle.c ---------------------------------------------------------- */

void settle_failed(struct sopool_pool *pool, struct batch *batch,
                   uint32_t index, const sopool_error *err);

/* Settles a call from its record, copying the bytes first. */
void settle_record(struct member *member, struct batch *batch, uint32_t index,
                   const struct record *record);

/* ---- member.c ---------------------------------------------------------- */

/* Starts a worker. -1: it could not be. */
int member_start(struct sopool_pool *pool, sopool_error *err);

/* The forkserver's answers. */
void member_forked(struct member *member, pid_t pid, int pidfd);
struct member *member_by_id(struct sopool_pool *pool, uint64_t id);
struct member *member_by_pid(struct sopool_pool *pool, pid_t pid);

/* Reads control messages, results, and frees slots. True if there was
 * something. */
bool member_harvest(struct member *member);
void member_read_control(struct member *member);

/* A memory file that the worker sent for that range, or -1. */
int member_big(struct member *member, uint64_t seq);

/* Ends the worker now; a thread is given up. */
void member_kill(struct member *member, int ended_by);

/* Tells it to end after what it has; takes nothing back. */
void member_end(struct member *member);

/* Forgets a member that is no more; freed by member_free_buried. */
void member_bury(struct member *member);
void member_free_buried(struct sopool_pool *pool);

/* ---- obituary.c -------------------------------------------------------- */

/* The process or thread has ended: reads what it left, and settles or gives
 * back what it had once it is known how it ended. */
void member_died(struct member *member);

/* A thread that is past its time: the same for what it has, but it lives. */
void member_lose(struct member *member);

/* ---- feed.c ------------------------------------------------------------ */

/* Gives queued calls to workers that can take some, and wakes them. */
void feed(struct sopool_pool *pool);

/* A range has come back in full: learns how long its calls take. */
void feed_learn(struct sopool_pool *pool, uint32_t task, uint32_t items,
                uint64_t busy_ns);

/* How many calls of the task make a range. */
uint32_t feed_range(const struct sopool_pool *pool, uint32_t task);

/* ---- server.c ---------------------------------------------------------- */

int server_start(struct sopool_pool *pool, sopool_error *err);
void server_event(struct sopool_pool *pool);
void server_stop(struct sopool_pool *pool);

/* ---- dispatch.c -------------------------------------------------------- */

void *dispatcher_run(void *pool);

/* A worker could not start: tries again later, or breaks the pool. `final`:
 * trying again would not help. */
void start_failed(struct sopool_pool *pool, bool final,
                  const sopool_error *why);

/* "while it opened the plugin x.so", for the phase of a start. */
void phase_describe(const struct sopool_pool *pool, enum phase phase,
                    size_t plugin, char *out, size_t room);

int watch_add(struct sopool_pool *pool, int fd, struct watch *watch);

#endif
