/* feed.c - reads inputs and sends calls. See maprun.h. */
#include "maprun.h"

#include <string.h>
#include <time.h>

#include "message.h"

void feed_flush(void *ctx)
{
    struct map *map = ctx;

    (void)sopool_stream_flush(map->stream, NULL);
}

/* An input that cannot be sent keeps its place. */
static int feed_failure(struct map *map, sopool_error *why)
{
    (void)strncpy(why->task, map->task->name, sizeof(why->task) - 1);
    return sopool_stream_send_failure(map->stream, why, -1, why);
}

/* Waits until the next call may begin; what was sent must not wait with it. */
static void wait_for_turn(struct map *map)
{
    int64_t wait;

    while (!atomic_load(&map->halted) &&
           (wait = pace_wait(&map->pace, progress_now())) > 0) {
        const struct timespec time = {(time_t)(wait / 1000000000),
                                      (long)(wait % 1000000000)};

        feed_flush(map);
        (void)nanosleep(&time, NULL);
    }
}

/* Sends the call, or why there is none: 0; 1 if the pool has ended. */
static int feed_call(struct map *map, int status, const sopool_args *args,
                     sopool_error *why)
{
    if (status == 0 && pace_on(&map->pace))
        wait_for_turn(map);
    if (status == 0)
        status = sopool_stream_send(map->stream, *args, -1, why);
    if (status != 0 && why->code != SOPOOL_E_CLOSED)
        status = feed_failure(map, why);
    return status == 0 ? 0 : why->code == SOPOOL_E_CLOSED ? 1 : -1;
}

/* 0, 1 if the pool has ended, -1. */
static int feed_line(struct map *map, const struct line *line)
{
    struct logged logged;
    sopool_args args;
    sopool_error why;
    int wanted, status = source_args(&map->source, line, &args, &why);

    wanted = resume_wants(&map->resume, map->task, status == 0 ? &args : NULL,
                          line->text, line->size, &logged);
    if (wanted == 0)
        return 0;
    if (wanted < 0 ||
        places_put(map->places, map->sent, (uint32_t)source_file(&map->source),
                   source_line(&map->source), line->text, line->size,
                   &logged) != 0) {
        message("out of memory");
        return -1;
    }
    if (status != 0 && map->source.spot.line > 0)
        places_mark(map->places, map->sent, map->source.spot.line,
                    map->source.spot.column);
    status = feed_call(map, status, &args, &why);
    if (status != 0)
        return status;
    tell(&map->told_sent, ++map->sent);
    tell(&map->told_bytes, source_done(&map->source));
    return 0;
}

void *feed_run(void *arg)
{
    struct map *map = arg;
    struct line line;
    int status = 0;

    while (status == 0 && !atomic_load(&map->halted) &&
           source_next(&map->source, &line) == 1)
        status = feed_line(map, &line);
    if (status < 0)
        map->source.input.failed = true;
    atomic_store(&map->all_sent, true);
    sopool_stream_end(map->stream);
    return NULL;
}
