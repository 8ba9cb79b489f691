/* room.h - memory that grows as it is needed. */
#ifndef SOPOOL_CLI_ROOM_H
#define SOPOOL_CLI_ROOM_H

#include <stddef.h>

/* Makes `*data`, which holds `*room` bytes and is the caller's to free(), hold
 * `need` of them. -1, and nothing has changed: no memory. */
int room_for(char **data, size_t *room, size_t need);

#endif
