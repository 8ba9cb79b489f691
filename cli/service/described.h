/* described.h - what a service says of itself: how large it is, and its tasks,
 * as a catalog would show them. */
#ifndef SOPOOL_CLI_SERVICE_DESCRIBED_H
#define SOPOOL_CLI_SERVICE_DESCRIBED_H

#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#include <json-c/json.h>
#include <sopool.h>

struct described {
    const char *service; /* as it was asked for */
    struct sockaddr_un address;
    json_object *said; /* owned; the texts are its */
    uint32_t processes;
    sopool_task_info *task; /* owned; each has a "group.name" */
    sopool_param *param;    /* owned, of all of them */
    size_t count;
};

/* Asks the service of that name, or at that path. What it says is fit to be
 * shown; tasks of which no plugin could have the name are left out. 0, or -1
 * after a message; to be finished in either case. */
int described_ask(struct described *out, const char *service);

/* The task of that name; NULL after a message. */
const sopool_task_info *described_find(const struct described *described,
                                       const char *name);

void described_finish(struct described *described);

#endif
