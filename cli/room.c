/* room.c - see room.h. */
#include "room.h"

#include <stdlib.h>

int room_for(char **data, size_t *room, size_t need)
{
    char *grown;

    if (need <= *room)
        return 0;
    grown = realloc(*data, need);
    if (grown == NULL)
        return -1;
    *data = grown;
    *room = need;
    return 0;
}
