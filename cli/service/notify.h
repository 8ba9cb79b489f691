/* notify.h - tells the service manager how far the service is: sd_notify(3),
 * whose protocol is a datagram to the socket that NOTIFY_SOCKET names. It is
 * spoken here without libsystemd, which would bring libraries for compression
 * and cryptography into each run of the command. Where no manager listens,
 * nothing happens. */
#ifndef SOPOOL_CLI_SERVICE_NOTIFY_H
#define SOPOOL_CLI_SERVICE_NOTIFY_H

/* First, and before workers start: they are not to speak for the service. */
void notify_open(void);

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);

#endif
