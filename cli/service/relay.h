/* relay.h - a service's task as one of a pool of ours: its workers are threads,
 * each of which asks the service and waits for the answer. So whatever the
 * command can do with a pool (job logs, order, limits, pictures) it can do with
 * a service. Arguments and results travel as CBOR, and nothing of them is lost.
 */
#ifndef SOPOOL_CLI_SERVICE_RELAY_H
#define SOPOOL_CLI_SERVICE_RELAY_H

#include "settings.h"

/* Makes the options those of such a pool, for this task of the service that the
 * settings name. EXIT_GOOD, or another after a message. To be called once. */
int relay_options(sopool_options *options, const struct settings *settings,
                  const char *task);

#endif
