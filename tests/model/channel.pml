/* channel.pml - the protocol of core/channel, for spin: a pool and a worker
 * that may die between any two steps, while calls are sent, run, answered and
 * taken back.
 *
 * What is one step here is one access to shared memory there; the inline
 * procedures bear the names of the functions that they stand for. Checked are:
 *   - each call ends exactly once, done or failed;
 *   - one that is done was run once, one that failed had begun, one that is
 *     handed out again had not;
 *   - nobody sleeps while there is something to do (no invalid end state).
 *
 * With NUMBERS, the ranges are of numbers: results are written where the
 * arguments are, and a call may instead fail, which is a record.
 *
 * `make check-model` runs it; CALLS, SLOTS and DEATHS may be set. With one of
 * the BREAK_ macros a step is left out that the protocol needs: the model must
 * then find an error, or it would find none that matters.
 */
#ifndef CALLS
#define CALLS 3
#endif
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#define RANGE 2 /* most calls of a range */
#define AWAKE 0
#define ASLEEP 1
#define EASY 2
#ifndef TAKES
#define TAKES 2 /* how often calls are taken back */
#endif

mtype = { FREE, READY, RUNNING, DONE, TAKEN };        /* a slot's state */
mtype = { QUEUED, SENT, GIVEN, FAILED };              /* a call's fate */

/* ---- shared memory ------------------------------------------------------- */

typedef Word { mtype state; byte next; byte end }
Word word[SLOTS];         /* changed as a whole */
byte records[CALLS];      /* the results ring, never reused here */
#ifdef NUMBERS
typedef Results { byte item[RANGE] }
Results result[SLOTS];    /* of which call, in place of its arguments; + 1 */
#endif
byte results_head;
bit worker_asleep, quit;
byte parent_asleep; /* AWAKE, ASLEEP or EASY */

/* What travels beside: the calls of a range are written before READY. */
typedef Range { byte call[RANGE] }
Range args[SLOTS];

/* The control socket, and the wait status. */
bit rung;
bit dead, alive;

/* ---- the pool's own ------------------------------------------------------ */

byte sent, retired, reading; /* ranges; counted without end */
byte results_tail;
byte range_end[SLOTS], answered[SLOTS];
bit taken[SLOTS];
mtype fate[CALLS];
byte deaths, takes;

/* What really happened. */
byte ran[CALLS];

#define SLOT(seq) ((seq) % SLOTS)

#define RECORDED (results_tail < results_head)
#ifdef NUMBERS
/* numbers_done */
#define DONE_BY_WORD(s) \
    (word[s].end != range_end[s] -> 0 : \
     (word[s].state == DONE -> word[s].next : \
      (word[s].state == RUNNING && word[s].next > 0 -> word[s].next - 1 : 0)))
#define READABLE (RECORDED || (reading < sent && \
    DONE_BY_WORD(SLOT(reading)) > answered[SLOT(reading)]))
#define LATE(s) (RECORDED || DONE_BY_WORD(s) > answered[s])
#else
#define READABLE RECORDED
#define LATE(s) RECORDED
#endif

/* ---- the worker ---------------------------------------------------------- */

inline notify()
{
    if
    :: parent_asleep != AWAKE ->
        d_step { was = (parent_asleep != AWAKE); parent_asleep = AWAKE };
        if
        :: was -> was = 0; rung = 1
        :: else
        fi
    :: else
    fi
}

/* After an item; an easy sleeper is woken when less than two ranges are ready
 * after the last item of one. */
inline notify_item(last)
{
    if
    :: parent_asleep == ASLEEP -> notify()
    :: parent_asleep == EASY && last ->
        if
        :: word[SLOT(seq)].state == READY ->
            if
            :: word[SLOT(seq + 1)].state == READY
            :: else -> notify()
            fi
        :: else -> notify()
        fi
    :: else
    fi
}

/* To be woken by anything that makes has_range true. */
inline worker_wait()
{
    worker_asleep = 1;
    if
#ifndef BREAK_WORKER_SLEEP
    :: (word[slot].state == READY || word[slot].state == TAKEN || quit)
    :: else -> (worker_asleep == 0) /* the futex */
#else
    :: (worker_asleep == 0)
#endif
    fi;
    worker_asleep = 0
}

proctype worker()
{
    byte seq = 0, slot, item, next, end, head = 0;
    bit was, more;

    {
        skip;
next_range:
        slot = SLOT(seq);
        if
        :: d_step {
            word[slot].state == READY ->
            word[slot].state = RUNNING;
            word[slot].next = 1
        }
        :: word[slot].state == TAKEN ->
            word[slot].state = FREE;
            seq++;
            notify();
            goto next_range
        :: word[slot].state != READY && word[slot].state != TAKEN ->
            if
            :: quit -> goto ended
            :: else -> worker_wait(); goto next_range
            fi
        fi;
        item = 0;
run_item:
        ran[args[slot].call[item]]++;
#ifdef NUMBERS
        if
        :: result[slot].item[item] = args[slot].call[item] + 1;
           goto again
        :: skip
        fi;
#endif
        /* worker_answer: the record, then its head */
        records[head] = args[slot].call[item];
        head++;
        results_head = head;
        /* worker_more: reads, then swaps if nothing has changed */
again:
    skip;
        d_step { next = word[slot].next; end = word[slot].end };
        more = (next < end);
        d_step {
            if
#ifndef BREAK_MORE
            :: word[slot].next == next && word[slot].end == end ->
#else
            :: true ->
#endif
                if
                :: more -> word[slot].next = next + 1
                :: else -> word[slot].state = DONE
                fi;
                was = 1
            :: else -> was = 0
            fi
        };
        if
        :: was -> d_step { was = 0; next = 0; end = 0 }
        :: else -> goto again
        fi;
        if
        :: more -> item++; more = 0; notify_item(false); goto run_item
        :: else ->
            item = 0;
            seq = (seq + 1) % (SLOTS * 8);
            notify_item(true);
            goto next_range
        fi
    } unless { dead };
ended:
    skip;
    d_step { dead = 1; alive = 0 }
}

/* May come at any moment. */
active proctype killer()
{
end_killer:
    do
    :: d_step { deaths < DEATHS && alive && !dead -> deaths++; dead = 1 }
    od
}

/* ---- the pool ------------------------------------------------------------ */

inline parent_wake()
{
    if
    :: worker_asleep -> worker_asleep = 0
    :: else
    fi
}

/* The first calls in the queue, one or two of them. */
inline send()
{
    d_step {
        c = 0;
        n = 0;
        do
        :: c < CALLS && n < want ->
            if
            :: fate[c] == QUEUED ->
                fate[c] = SENT;
                args[SLOT(sent)].call[n] = c;
                n++
            :: else
            fi;
            c++
        :: else -> break
        od;
        skip
    };
    if
    :: n > 0 ->
        d_step {
            range_end[SLOT(sent)] = n;
            answered[SLOT(sent)] = 0;
            taken[SLOT(sent)] = 0
        };
        d_step {
            assert(word[SLOT(sent)].state == FREE);
            word[SLOT(sent)].next = 0;
            word[SLOT(sent)].end = n;
            word[SLOT(sent)].state = READY
        };
        sent++;
        parent_wake()
    :: else
    fi
}

inline skip_answered()
{
    do
    :: reading < retired -> reading = retired
    :: reading >= retired && reading < sent &&
       (taken[SLOT(reading)] || answered[SLOT(reading)] == range_end[SLOT(reading)]) ->
        reading++
    :: else -> break
    od
}

/* The next call that is to be answered has this result. */
inline parent_read_done()
{
    assert(args[slot].call[answered[slot]] == c);
    assert(fate[c] == SENT && ran[c] == 1);
    fate[c] = GIVEN;
    answered[slot]++;
    skip_answered();
    skip
}

#ifndef NUMBERS
inline parent_read()
{
    d_step {
        skip_answered();
        assert(reading < sent);
        slot = SLOT(reading);
        c = records[results_tail];
        results_tail++;
        parent_read_done()
    }
}
#else
/* The word first, then the ring: all numbers up to a record, or that. */
inline look_at_word()
{
    n = DONE_BY_WORD(SLOT(reading))
}

inline look_at_ring()
{
    want = (RECORDED -> records[results_tail] + 1 : 0)
}

inline parent_read()
{
    d_step { skip_answered(); assert(reading < sent); slot = SLOT(reading) };
#ifndef BREAK_NUMBERS
    look_at_word();
    look_at_ring();
#else
    look_at_ring();
    look_at_word();
#endif
    d_step {
        do
        :: answered[slot] < range_end[slot] ->
            c = args[slot].call[answered[slot]];
            if
            :: want == c + 1 -> results_tail++; parent_read_done(); break
            :: want != c + 1 && n > answered[slot] ->
                assert(result[slot].item[answered[slot]] == c + 1);
                parent_read_done()
            :: else -> break
            fi
        :: else -> break
        od;
        skip
    }
}
#endif

inline parent_retire()
{
    d_step {
        slot = SLOT(retired);
        if
        :: taken[slot] && word[slot].state == FREE -> retired++
        :: !taken[slot] && word[slot].state == DONE ->
            if
            :: answered[slot] == range_end[slot] ->
                word[slot].state = FREE;
                retired++
            :: else -> assert(LATE(slot))
            fi
        :: else
        fi;
        skip_answered();
        skip
    }
}

/* Calls from there on are in the queue again. */
inline queue_give_back(s, from, to)
{
    c = from;
    do
    :: c < to ->
        assert(fate[args[s].call[c]] == SENT && ran[args[s].call[c]] == 0);
        fate[args[s].call[c]] = QUEUED;
        c++
    :: else -> break
    od
}

inline take_whole()
{
    d_step {
        if
        :: word[slot].state == READY ->
            word[slot].state = TAKEN;
            word[slot].next = 0;
            word[slot].end = 0;
            queue_give_back(slot, 0, range_end[slot]);
            taken[slot] = 1;
            range_end[slot] = 0
        :: else
        fi;
        skip_answered(); /* which reading does there */
        skip
    }
}

/* Reads, then swaps if nothing has changed. */
inline take_begun()
{
    d_step { next = word[slot].next; end = word[slot].end; state = word[slot].state };
    if
    :: state == RUNNING && next < end ->
        d_step {
            if
#ifndef BREAK_TAKE
            :: word[slot].state == RUNNING && word[slot].next == next &&
               word[slot].end == end ->
#else
            :: true ->
#endif
                word[slot].end = next;
                queue_give_back(slot, next, end);
                range_end[slot] = next
            :: else
            fi;
            skip_answered();
            skip
        }
    :: else
    fi
}

/* The worker has died: all its channel is read, then each call settled. */
inline member_died()
{
    do
    :: READABLE -> parent_read()
    :: else -> break
    od;
    skip;
    d_step {
        n = retired;
        do
        :: n < sent ->
            slot = SLOT(n);
            if
            :: !taken[slot] && answered[slot] < range_end[slot] ->
                next = answered[slot];
#ifndef BREAK_DEATH
                if
                :: word[slot].state != READY && word[slot].next > next ->
                    next = word[slot].next
                :: else
                fi;
#endif
                assert(next <= answered[slot] + 1);
                queue_give_back(slot, next, range_end[slot]);
                if
                :: next > answered[slot] ->
                    /* begun, by the word; its task may not have run yet */
                    c = args[slot].call[answered[slot]];
                    assert(fate[c] == SENT && ran[c] <= 1);
                    fate[c] = FAILED
                :: else
                fi
            :: else
            fi;
            n++
        :: else -> break
        od;
        skip
    }
}

/* A channel and a worker of its own. */
inline member_start()
{
    d_step {
        slot = 0;
        do
        :: slot < SLOTS ->
            word[slot].state = FREE;
            word[slot].next = 0;
            word[slot].end = 0;
            taken[slot] = 0;
            range_end[slot] = 0;
            answered[slot] = 0;
#ifdef NUMBERS
            result[slot].item[0] = 0;
            result[slot].item[1] = 0;
#endif
            slot++
        :: else -> break
        od;
        sent = 0; retired = 0; reading = 0;
        results_head = 0; results_tail = 0;
        worker_asleep = 0; parent_asleep = 0; quit = 0; rung = 0;
        dead = 0; alive = 1
    };
    run worker()
}

inline count_left()
{
    d_step {
        left = 0;
        c = 0;
        do
        :: c < CALLS ->
            if
            :: fate[c] == QUEUED || fate[c] == SENT -> left++
            :: else
            fi;
            c++
        :: else -> break
        od;
        queued = 0;
        c = 0;
        do
        :: c < CALLS ->
            if
            :: fate[c] == QUEUED -> queued++
            :: else
            fi;
            c++
        :: else -> break
        od;
        skip
    }
}

/* Says that it sleeps, looks once more, and sleeps until the socket rings. */
inline parent_sleep()
{
    parent_asleep = ASLEEP;
    if
#ifndef BREAK_PARENT_SLEEP
    :: READABLE
#else
    :: false
#endif
    :: !READABLE && retired < sent &&
       (word[SLOT(retired)].state == DONE || word[SLOT(retired)].state == FREE)
    :: else -> (rung || dead)
    fi;
    parent_asleep = AWAKE;
    rung = 0
}

/* The same, until the worker has little to run: not if that may be so already.
 */
inline parent_sleep_easy()
{
    parent_asleep = EASY;
    if
#ifndef BREAK_EASY_SLEEP
    :: word[SLOT(sent + SLOTS - 2)].state != READY
#else
    :: false
#endif
    :: else -> (rung || dead)
    fi;
    parent_asleep = AWAKE;
    rung = 0
}

/* What is left in variables would only make more states of one. */
inline forget()
{
    d_step {
        c = 0; n = 0; slot = 0; next = 0; end = 0; want = 0; state = FREE;
        left = 0; queued = 0
    }
}

active proctype dispatcher()
{
    byte c, n, slot, next, end, want, left, queued;
    mtype state;

    d_step {
        c = 0;
        do
        :: c < CALLS -> fate[c] = QUEUED; c++
        :: else -> break
        od;
        skip
    };
    member_start();
    do
    :: dead ->
        (!alive);
        member_died();
        count_left();
        if
        :: left == 0 -> goto finished
        :: else -> member_start()
        fi;
        forget()
    :: !dead ->
        count_left();
        if
        :: left == 0 -> break
        :: left > 0 && queued > 0 && sent - retired < SLOTS ->
            if
            :: want = 1
            :: want = RANGE
            fi;
            send()
        :: left > 0 && READABLE -> parent_read()
        :: left > 0 && retired < sent &&
           (word[SLOT(retired)].state == DONE || word[SLOT(retired)].state == FREE) ->
            parent_retire()
        :: left > 0 && retired < sent && !taken[SLOT(sent - 1)] &&
           takes < TAKES ->
            /* a call is cancelled, or another worker has nothing to do */
            slot = SLOT(sent - 1);
            takes++;
            if
            :: take_whole()
            :: take_begun()
            fi
        :: left > 0 && (queued == 0 || sent - retired == SLOTS) ->
            if
            :: parent_sleep()
            :: sent - retired >= 2 -> parent_sleep_easy()
            fi
        fi;
        forget()
    od;
    /* parent_quit */
    quit = 1;
    parent_wake();
    (!alive);
finished:
    skip;
    d_step {
        c = 0;
        do
        :: c < CALLS ->
            assert(fate[c] == GIVEN || fate[c] == FAILED);
            assert(fate[c] == FAILED || ran[c] == 1);
            c++
        :: else -> break
        od;
        skip
    }
}
