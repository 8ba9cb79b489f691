/* address.h - where services are found: a socket for each, named by the
 * service.
 */
#ifndef SOPOOL_CLI_SERVICE_ADDRESS_H
#define SOPOOL_CLI_SERVICE_ADDRESS_H

#include <sys/socket.h>
#include <sys/un.h>

#include "settings.h"

/* The socket that a service is to have: --socket, or one in the folder of the
 * user's services (of root, the system's), which is made; called by --name, or
 * as its config file. 0, or -1 after a message. */
int address_own(struct sockaddr_un *out, const struct settings *settings);

/* A socket that takes connections, and that users may reach as `mode` says; of
 * a service that is no more it is taken over. -1 after a message. */
int address_listen(const struct sockaddr_un *own, unsigned mode);

/* A connection to a service: its name is looked for among the user's services
 * and then the system's; with a slash in it, it is the path of a socket. `out`
 * becomes its address. -1 after a message. */
int address_connect(struct sockaddr_un *out, const char *service);

/* One more of them: -1 and errno. */
int address_reconnect(const struct sockaddr_un *service);

/* Tells the names of the services that --service would find. */
void address_each(void (*each)(void *ctx, const char *name, size_t size),
                  void *ctx);

#endif
