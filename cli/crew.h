/* crew.h - the workers of a run by number, as events and calls tell of them, in
 * whatever order these come. Memory is bounded: of very many workers those that
 * ended long ago are forgotten. */
#ifndef SOPOOL_CLI_CREW_H
#define SOPOOL_CLI_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sopool.h>

enum { CREW_ROOM = 16384 };

struct hand {
    uint32_t number;  /* of the worker, from 1; 0: of none */
    uint32_t seat;    /* from 0: a worker takes one that is free */
    int pid;          /* 0: not known yet */
    bool named;       /* of who writes about it */
    int64_t since_ns; /* when it started, or was first heard of */
    int64_t until_ns; /* up to when it is known what it did; 0: nothing is */
    int64_t ended_ns; /* 0: not yet, as far as is known */
};

struct crew {
    struct hand hand[CREW_ROOM]; /* by number, modulo */
    bool *taken;                 /* of the seats; owned */
    uint32_t seats, room;
};

struct crew *crew_new(void); /* NULL: no memory */
void crew_free(struct crew *crew);

/* The worker of that number, of which something is heard for that moment. Valid
 * until the next one. */
struct hand *crew_find(struct crew *crew, uint32_t number, int64_t at_ns);

/* It has ended: its seat is free for another. */
void crew_leave(struct crew *crew, struct hand *hand, int64_t at_ns);

/* How long a call of the worker ran: until the worker ended, if that is all
 * that is known; -1: nothing is. */
int64_t crew_duration(const struct hand *hand, const sopool_call_info *info);

#endif
