/* place.c - see place.h.
 *
 * In order, a ring is enough, and the stream's own lock hands its entries over:
 * no more inputs are between the threads than it has entries. Without order one
 * slow input may be overtaken by any number of others. Its entry then moves to
 * a list of the late, which is never longer than the window.
 */
#include "place.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* What is sent in one piece may come on top of the window. */
enum { RING = 2 * PLACE_WINDOW };

struct places {
    bool unordered, whole;
    pthread_mutex_t lock; /* used if unordered */
    struct place *late;   /* owned */
    size_t late_count, late_room;
    struct place ring[RING];
};

struct places *places_new(bool unordered, bool whole)
{
    struct places *places = calloc(1, sizeof(*places));

    if (places == NULL)
        return NULL;
    places->unordered = unordered;
    places->whole = whole;
    (void)pthread_mutex_init(&places->lock, NULL);
    return places;
}

void places_free(struct places *places)
{
    if (places == NULL)
        return;
    (void)pthread_mutex_destroy(&places->lock);
    for (size_t i = 0; i < RING; i++)
        if (places->ring[i].waits)
            free(places->ring[i].kept);
    for (size_t i = 0; i < places->late_count; i++)
        free(places->late[i].kept);
    free(places->late);
    free(places);
}

static int add_late(struct places *places, const struct place *place)
{
    if (places->late_count == places->late_room) {
        size_t room = places->late_room * 2 + 16;
        struct place *grown = reallocarray(places->late, room, sizeof(*grown));

        if (grown == NULL)
            return -1;
        places->late = grown;
        places->late_room = room;
    }
    places->late[places->late_count++] = *place;
    return 0;
}

static void fill(struct place *place, const char *text, size_t size)
{
    place->cut = size > sizeof(place->text);
    if (place->cut)
        size = sizeof(place->text);
    place->size = (uint8_t)size;
    if (size > 0)
        memcpy(place->text, text, size);
}

static struct kept *keep(const char *text, size_t size,
                         const struct logged *logged)
{
    struct kept *kept = malloc(sizeof(*kept) + size + 1);

    if (kept == NULL)
        return NULL;
    kept->size = size;
    if (size > 0)
        memcpy(kept->text, text, size);
    kept->text[size] = '\0';
    kept->logged = *logged;
    return kept;
}

int places_put(struct places *places, uint64_t index, uint32_t file,
               uint64_t line, const char *text, size_t size,
               const struct logged *logged)
{
    struct place *place = &places->ring[index % RING];
    struct kept *kept = places->whole ? keep(text, size, logged) : NULL;
    int status = 0;

    if (places->whole && kept == NULL)
        return -1;

    if (places->unordered) {
        (void)pthread_mutex_lock(&places->lock);
        if (place->waits)
            status = add_late(places, place);
    }
    place->index = index;
    place->line = line;
    place->column = 0;
    place->file = file;
    place->waits = true;
    place->kept = kept;
    fill(place, text, size);
    if (places->unordered)
        (void)pthread_mutex_unlock(&places->lock);
    return status;
}

void places_mark(struct places *places, uint64_t index, uint64_t line,
                 size_t column)
{
    struct place *place = &places->ring[index % RING];

    if (places->unordered)
        (void)pthread_mutex_lock(&places->lock);
    place->line = line;
    place->column = column;
    if (places->unordered)
        (void)pthread_mutex_unlock(&places->lock);
}

static struct place take_late(struct places *places, uint64_t index)
{
    struct place found = {.index = index};

    for (size_t i = 0; i < places->late_count; i++)
        if (places->late[i].index == index) {
            found = places->late[i];
            places->late[i] = places->late[--places->late_count];
            break;
        }
    return found;
}

struct place places_take(struct places *places, uint64_t index)
{
    struct place *place = &places->ring[index % RING];
    struct place found;

    if (!places->unordered) {
        place->waits = false;
        return *place;
    }
    (void)pthread_mutex_lock(&places->lock);
    if (place->index == index && place->waits) {
        found = *place;
        place->waits = false;
    } else
        found = take_late(places, index);
    (void)pthread_mutex_unlock(&places->lock);
    return found;
}
