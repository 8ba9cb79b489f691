/* screen.c - see screen.h. */
#include "screen.h"

#include "message.h"
#include "status.h"

#ifndef HAVE_NCURSES

int screen_run(void)
{
    message("built without ncurses, top cannot show pools live; use --once, or "
            "watch sopool top --once");
    return EXIT_USAGE;
}

#else

#include <curses.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <sopool/cbor.h>

#include "frame.h"

enum { LOOK_MS = 1000, ANSWER_MS = 500 };

static volatile sig_atomic_t caught;

static void note_signal(int sig)
{
    caught = sig;
}

/* The terminal is to be as it was when we leave, whatever ends us. */
static void catch_signals(void)
{
    static const int all[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = note_signal};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        (void)sigaction(all[i], &action, NULL);
}

/* ---- drawing ----------------------------------------------------------- */

/* How many bytes of the text fit so many columns, near enough. */
static int fitting(const char *text, int columns)
{
    size_t left = strlen(text), used = 0;

    for (; columns > 0 && used < left; columns--) {
        size_t size =
            sopool_utf8_char((const uint8_t *)text + used, left - used);

        used += size > 0 ? size : 1;
    }
    return (int)used;
}

static void draw_line(int row, const struct frame_line *line)
{
    static const attr_t looks[] = {
        [FRAME_TITLE] = A_BOLD,
        [FRAME_POOL] = A_BOLD,
        [FRAME_HEAD] = A_REVERSE,
        [FRAME_PLAIN] = A_NORMAL,
    };

    (void)attrset((int)looks[line->kind]);
    (void)mvaddnstr(row, 0, line->text, fitting(line->text, COLS));
}

static void draw_foot(const struct frame *frame, size_t from)
{
    size_t shown = from + (size_t)(LINES - 2);

    (void)attrset(A_DIM);
    (void)mvprintw(LINES - 1, 0, "q quits");
    if (frame->count > shown)
        (void)printw("  arrows scroll: %zu more lines", frame->count - shown);
    (void)attrset(A_NORMAL);
}

/* The title stays, what is below can be scrolled. ncurses sends the terminal
 * what has changed alone. */
static void draw(const struct frame *frame, size_t *from)
{
    size_t rows = LINES > 2 ? (size_t)(LINES - 2) : 0;
    size_t most = frame->count > rows + 1 ? frame->count - rows - 1 : 0;

    if (*from > most)
        *from = most;
    (void)erase();
    for (size_t i = 0; i < rows && i + 1 + *from < frame->count; i++)
        draw_line((int)i + 1, &frame->line[i + 1 + *from]);
    if (frame->count > 0)
        draw_line(0, &frame->line[0]);
    if (frame->count == 1 && rows > 1)
        (void)mvaddstr(2, 0,
                       "Pools are seen here while they run, if they are made "
                       "with status: true.");
    if (LINES > 2)
        draw_foot(frame, *from + 1);
    (void)refresh();
}

/* ---- keys -------------------------------------------------------------- */

/* False: the user has seen enough. */
static bool handle_key(int key, size_t *from)
{
    size_t page = LINES > 3 ? (size_t)(LINES - 3) : 1;

    if (key == 'q' || key == 'Q' || key == 27)
        return false;
    if ((key == KEY_UP || key == 'k') && *from > 0)
        --*from;
    if (key == KEY_DOWN || key == 'j')
        ++*from;
    if (key == KEY_PPAGE)
        *from = *from > page ? *from - page : 0;
    if (key == KEY_NPAGE || key == ' ')
        *from += page;
    if (key == KEY_HOME || key == 'g')
        *from = 0;
    return true;
}

/* Is there a terminal still? Without one no key ever comes. */
static bool has_terminal(void)
{
    struct termios now;

    return tcgetattr(STDIN_FILENO, &now) == 0;
}

/* Looks at the pools: 0, or -1 and why not. */
static int look(struct frame *frame, sopool_error *err)
{
    sopool_value *pools = sopool_status(ANSWER_MS, err);
    int status = pools != NULL ? frame_make(frame, pools) : -1;

    sopool_value_free(pools);
    return status;
}

static int show(struct frame *frame, sopool_error *err)
{
    size_t from = 0;
    int key;

    do {
        if (look(frame, err) != 0)
            return -1;
        do {
            draw(frame, &from);
            key = getch();
        } while (key != ERR && handle_key(key, &from) && caught == 0);
    } while (key == ERR && caught == 0 && has_terminal());
    return 0;
}

int screen_run(void)
{
    static struct frame frame;
    sopool_error err = {0};
    SCREEN *screen;
    int status;

    if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO)) {
        message("top shows pools live on a terminal, and this is none; use "
                "--once");
        return EXIT_USAGE;
    }
    (void)setlocale(LC_CTYPE, "");
    catch_signals();
    screen = newterm(NULL, stdout, stdin);
    if (screen == NULL) {
        message("the terminal '%.60s' is not known to ncurses; set TERM, or "
                "use --once",
                getenv("TERM") != NULL ? getenv("TERM") : "");
        return EXIT_USAGE;
    }
    (void)cbreak();
    (void)noecho();
    (void)keypad(stdscr, TRUE);
    (void)set_escdelay(25);
    (void)curs_set(0);
    timeout(LOOK_MS);
    status = show(&frame, &err);
    (void)endwin();
    delscreen(screen);
    frame_finish(&frame);
    if (status != 0) {
        message("%s", err.message);
        return EXIT_FAILED;
    }
    if (caught != 0) {
        (void)signal(caught, SIG_DFL);
        (void)raise(caught);
    }
    return EXIT_GOOD;
}

#endif
