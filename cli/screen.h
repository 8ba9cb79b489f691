/* screen.h - the pools on the whole terminal, until the user has seen enough.
 */
#ifndef SOPOOL_CLI_SCREEN_H
#define SOPOOL_CLI_SCREEN_H

/* Shows what sopool_status gives, again and again: the exit status of the
 * command. Without ncurses it says that it cannot. */
int screen_run(void);

#endif
