/* follow.c - see follow.h. */
#include "follow.h"

enum { EVENTS = 64 };

void follow_add(struct follow *follow, const struct follower *follower)
{
    if (follow->count < FOLLOWERS)
        follow->follower[follow->count++] = *follower;
}

void follow_call(const struct follow *follow, const struct ended *ended)
{
    for (size_t i = 0; i < follow->count; i++)
        follow->follower[i].call(follow->follower[i].ctx, ended);
}

void follow_written(const struct follow *follow)
{
    for (size_t i = 0; i < follow->count; i++)
        if (follow->follower[i].written != NULL)
            follow->follower[i].written(follow->follower[i].ctx);
}

static void tell(const struct follow *follow, const sopool_worker_event *event)
{
    for (size_t i = 0; i < follow->count; i++)
        if (follow->follower[i].worker != NULL)
            follow->follower[i].worker(follow->follower[i].ctx, event);
}

void follow_workers(const struct follow *follow, sopool_pool *pool)
{
    sopool_worker_event event[EVENTS];
    size_t count;

    if (follow->count == 0)
        return;
    while ((count = sopool_worker_events(pool, event, EVENTS)) > 0)
        for (size_t i = 0; i < count; i++)
            tell(follow, &event[i]);
}

int follow_finish(const struct follow *follow)
{
    int status = 0;

    for (size_t i = 0; i < follow->count; i++)
        if (follow->follower[i].finish(follow->follower[i].ctx) != 0)
            status = -1;
    return status;
}
