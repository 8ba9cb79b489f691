/* session.h - the surroundings of a command that runs tasks: its descriptors,
 * the signals that end it, and its end.
 *
 * Signals are taken by a thread of their own. It ends the workers and then the
 * process, whatever the other threads are waiting for; they need not notice.
 */
#ifndef SOPOOL_CLI_SESSION_H
#define SOPOOL_CLI_SESSION_H

#include <stdbool.h>

#include <sopool.h>

/* Opens what is missing of descriptors 0 to 2, and makes writing to a closed
 * pipe an error. First of all. */
void session_init(void);

/* From here on, what a task prints cannot mix with results, nor can it take
 * input: descriptor 1 becomes standard error, 0 /dev/null. What they were is
 * session_output and session_input. Starts the thread that waits for signals;
 * before any other thread. 0, or -1 after a message. */
int session_begin(void);
int session_output(void);
int session_input(void);

/* The pool that is to be terminated when the command is ended before its time;
 * NULL: none any more. Does not return if it is being ended. */
void session_watch(sopool_pool *pool);

/* What is called, by another thread, when SIGUSR1 asks how far the command is;
 * NULL: nothing any more, and it does not run now. */
typedef void session_asked_fn(void *ctx);
void session_on_asked(session_asked_fn *asked, void *ctx);

/* Ends the pool in good order once its calls are done; and frees it. */
void session_close(sopool_pool *pool);
void session_finish(sopool_pool *pool);

/* To be called in another thread when a signal ends the command and its workers
 * have ended, or with 0 in this one when it ends the command; NULL: nothing. */
void session_at_end(void (*tell)(void *ctx, int sig), void *ctx);

/* Has a signal come? Then what now goes wrong does so because of it. */
bool session_ending(void);

/* That signal, or 0. */
int session_signal(void);

/* Does not return: the thread that takes signals is ending the command. */
void session_await_end(void) __attribute__((noreturn));

/* Ends the workers, then the command. */
void session_quit(int status) __attribute__((noreturn));

/* What reads from us is gone: ends the workers, then the command, by SIGPIPE
 * or, if whoever started us had that signal ignored, as failed. By any thread.
 */
void session_pipe_closed(void) __attribute__((noreturn));

/* Results could not be written, for the reason `error` (an errno). */
void session_cannot_write(int error) __attribute__((noreturn));

#endif
