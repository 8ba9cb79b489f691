/* relay.h - a service's task as one of a pool of ours: its workers are threads,
 * each of which asks the service and waits for the answer. So whatever the
 * command can do with a pool (job logs, order, limits, pictures) it can do with
 * a service. Arguments and results travel as CBOR, and nothing of them is lost.
 */
#ifndef SOPOOL_CLI_SERVICE_RELAY_H
#define SOPOOL_CLI_SERVICE_RELAY_H

#include "settings.h"

/* Makes the options those of such a pool, for this task of the service that the
 * settings name. A call has so much time, which the service keeps, from when a
 * worker begins it; 0: as long as the service lets it. EXIT_GOOD, or another
 * after a message. To be called once. */
int relay_options(sopool_options *options, const struct settings *settings,
                  int64_t timeout_ms, const char *task);

#endif
