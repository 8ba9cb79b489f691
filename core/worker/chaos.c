/* chaos.c - see chaos.h. */
#include "worker/chaos.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

/* ---- from text --------------------------------------------------------- */

static int wrong(const char *part, size_t size, const char *why,
                 sopool_error *err)
{
    return error_set(err, SOPOOL_E_CONFIG, "'%.*s' %s",
                     size > 60 ? 60 : (int)size, part, why);
}

/* "1/200" from `at` on; where it ends, or NULL. */
static const char *read_odds(const char *at, uint64_t *odds)
{
    char *end;
    unsigned long of, in;

    if (*at < '0' || *at > '9')
        return NULL;
    of = strtoul(at, &end, 10);
    if (*end != '/' || end[1] < '1' || end[1] > '9')
        return NULL;
    in = strtoul(end + 1, &end, 10);
    if (in == 0 || of > in || in > UINT32_MAX)
        return NULL;
    *odds = of == in ? UINT64_MAX : UINT64_MAX / in * of;
    return end;
}

/* ":20ms" from `at` on; where it ends, or NULL. */
static const char *read_wait(const char *at, int64_t *ns)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"us", 1000}, {"ms", NS_PER_MS}, {"s", NS_PER_S}};
    char *end;
    long count;

    if (*at != ':' || at[1] < '0' || at[1] > '9')
        return NULL;
    count = strtol(at + 1, &end, 10);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t size = strlen(units[i].name);

        if (strncmp(end, units[i].name, size) != 0 || count > 1000000)
            continue;
        *ns = count * units[i].ns;
        return end + size;
    }
    return NULL;
}

static const char *read_number(const char *at, uint64_t *out)
{
    char *end;

    if (*at < '0' || *at > '9')
        return NULL;
    errno = 0;
    *out = strtoull(at, &end, 10);
    return errno == 0 ? end : NULL;
}

static bool begins(const char **at, const char *name)
{
    size_t size = strlen(name);

    if (strncmp(*at, name, size) != 0)
        return false;
    *at += size;
    return true;
}

static int read_part(struct chaos *chaos, const char *part, size_t size,
                     sopool_error *err)
{
    const char *at = part;

    if (begins(&at, "kill="))
        at = read_odds(at, &chaos->kill);
    else if (begins(&at, "init-fail="))
        at = read_odds(at, &chaos->init_fail);
    else if (begins(&at, "nomem="))
        at = read_odds(at, &chaos->nomem);
    else if (begins(&at, "seed="))
        at = read_number(at, &chaos->seed);
    else if (begins(&at, "slow=")) {
        at = read_odds(at, &chaos->slow);
        at = at != NULL ? read_wait(at, &chaos->slow_ns) : NULL;
    } else
        return wrong(part, size,
                     "is no fault; allowed: kill, slow, init-fail, nomem, seed",
                     err);
    if (at != part + size)
        return wrong(part, size,
                     "is not right; allowed: kill=1/200, slow=1/50:20ms, "
                     "init-fail=1/20, nomem=1/1000, seed=7",
                     err);
    return 0;
}

int chaos_parse(struct chaos *chaos, const char *text, sopool_error *err)
{
    struct chaos read = {.on = true, .seed = 1};

    for (;;) {
        size_t size = strcspn(text, ",");

        if (read_part(&read, text, size, err) != 0)
            return -1;
        if (text[size] == '\0')
            break;
        text += size + 1;
    }
    *chaos = read;
    return 0;
}

/* ---- in a worker ------------------------------------------------------- */

/* SplitMix64, by Sebastiano Vigna: its numbers are good from any start. */
static uint64_t next(struct chaos_state *state)
{
    uint64_t z = state->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static bool hits(struct chaos_state *state, uint64_t odds)
{
    return odds != 0 && next(state) <= odds;
}

static void die(void)
{
    (void)kill(getpid(), SIGKILL);
    for (;;)
        (void)pause();
}

void chaos_init(struct chaos_state *state, const struct chaos *chaos,
                uint64_t worker, bool process)
{
    state->chaos = chaos->on ? chaos : NULL;
    state->random = chaos->seed ^ worker * UINT64_C(0xd1342543de82ef95);
    state->process = process;
}

void chaos_start(struct chaos_state *state)
{
    if (state->chaos != NULL && state->process &&
        hits(state, state->chaos->init_fail))
        die();
}

void chaos_before(struct chaos_state *state)
{
    struct timespec wait;

    if (state->chaos == NULL)
        return;
    if (hits(state, state->chaos->slow)) {
        wait.tv_sec = (time_t)(state->chaos->slow_ns / NS_PER_S);
        wait.tv_nsec = (long)(state->chaos->slow_ns % NS_PER_S);
        while (nanosleep(&wait, &wait) != 0 && errno == EINTR)
            ;
    }
    if (!state->process || !hits(state, state->chaos->kill))
        return;
    if (next(state) % 2 == 0)
        die();
    state->doomed = true;
}

void chaos_after(const struct chaos_state *state)
{
    if (state->doomed)
        die();
}

bool chaos_nomem(struct chaos_state *state)
{
    return state->chaos != NULL && hits(state, state->chaos->nomem);
}
