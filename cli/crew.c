/* crew.c - see crew.h. */
#include "crew.h"

#include <stdlib.h>
#include <string.h>

struct crew *crew_new(void)
{
    return calloc(1, sizeof(struct crew));
}

void crew_free(struct crew *crew)
{
    if (crew == NULL)
        return;
    free(crew->taken);
    free(crew);
}

/* The first seat that is free; without memory for one more, the last. */
static uint32_t take_seat(struct crew *crew)
{
    uint32_t seat = 0;

    while (seat < crew->seats && crew->taken[seat])
        seat++;
    if (seat == crew->room) {
        uint32_t room = crew->room * 2 + 16;
        bool *grown = realloc(crew->taken, room * sizeof(*grown));

        if (grown == NULL)
            return seat > 0 ? seat - 1 : 0;
        memset(grown + crew->room, 0, room - crew->room);
        crew->taken = grown;
        crew->room = room;
    }
    if (seat == crew->seats)
        crew->seats++;
    crew->taken[seat] = true;
    return seat;
}

static void free_seat(struct crew *crew, const struct hand *hand)
{
    if (hand->number != 0 && hand->ended_ns == 0 && hand->seat < crew->seats)
        crew->taken[hand->seat] = false;
}

struct hand *crew_find(struct crew *crew, uint32_t number, int64_t at_ns)
{
    struct hand *hand = &crew->hand[number % CREW_ROOM];

    if (hand->number == number)
        return hand;
    free_seat(crew, hand);
    *hand = (struct hand){
        .number = number,
        .seat = take_seat(crew),
        .since_ns = at_ns,
    };
    return hand;
}

void crew_leave(struct crew *crew, struct hand *hand, int64_t at_ns)
{
    free_seat(crew, hand);
    hand->ended_ns = at_ns;
}

int64_t crew_duration(const struct hand *hand, const sopool_call_info *info)
{
    if (info->duration_ns >= 0)
        return info->duration_ns;
    return hand->ended_ns > info->started_ns ? hand->ended_ns - info->started_ns
                                             : -1;
}
