/* message.h - what the command says on standard error: whole lines, each in
 * one write, never in the middle of a progress bar. */
#ifndef SOPOOL_CLI_MESSAGE_H
#define SOPOOL_CLI_MESSAGE_H

#include <stddef.h>

#include <sopool.h>

/* "sopool: ..." and a newline. */
void message(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same, and where to read more; returns EXIT_USAGE. `command` may be NULL.
 */
int usage(const char *command, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The line as it is, with a newline: a sopool_report_fn. */
void message_line(void *ctx, const char *line);

/* The same after "sopool: warning: ". */
void message_warning(void *ctx, const char *complaint);

/* Messages that nobody reads any more do not end the command from here on. */
void message_unread(void);

/* A progress bar stands in the last line of the terminal, or no more: a message
 * takes it away first. */
void message_bar(const char *bar);

/* The bar stays as it is; what follows begins a new line. By any thread. */
void message_bar_end(void);

/* Arguments do not fit, for that reason: fills in the error, says nothing.
 * Returns -1. */
int message_refuse(sopool_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* "SIGSEGV", or the number of a signal that has no name. Returns `out`. */
enum { SIGNAL_ROOM = 16 };
const char *message_signal(int sig, char out[SIGNAL_ROOM]);

/* Text fit for a message: at most `room` - 1 bytes with the NUL, cut with
 * "...", and printable: what is not is written as in C. Returns `out`. */
const char *message_text(const char *text, size_t size, char *out, size_t room);

#endif
