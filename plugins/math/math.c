/* math.c - tasks that keep a processor busy. */
#include <math.h>
#include <stdlib.h>

#include <sopool/task.h>

SOPOOL_TASK_WITH(SOPOOL_PURE, square, i64, "The square of x.", (i64, x))
{
    if (__builtin_mul_overflow(a->x, a->x, out))
        return sopool_fail(
            call, "the square of %" PRId64 " does not fit in 64 bits", a->x);
    return SOPOOL_OK;
}

/* ---- primes ------------------------------------------------------------ */

__extension__ typedef unsigned __int128 wide;

static uint64_t mul_mod(uint64_t a, uint64_t b, uint64_t n)
{
    return (uint64_t)((wide)a * b % n);
}

static uint64_t pow_mod(uint64_t base, uint64_t exponent, uint64_t n)
{
    uint64_t result = 1;

    for (base %= n; exponent > 0; exponent >>= 1) {
        if (exponent & 1)
            result = mul_mod(result, base, n);
        base = mul_mod(base, base, n);
    }
    return result;
}

/* Does the odd n pass for a prime with this base (Miller and Rabin)? */
static bool passes(uint64_t n, uint64_t base)
{
    unsigned twos = (unsigned)__builtin_ctzll(n - 1);
    uint64_t x = pow_mod(base, (n - 1) >> twos, n);

    if (x == 1 || x == n - 1 || base % n == 0)
        return true;
    while (--twos > 0) {
        x = mul_mod(x, x, n);
        if (x == n - 1)
            return true;
    }
    return false;
}

/* With the first twelve primes as bases the test is exact for 64 bits
 * (Sorenson and Webster, 2015). */
static bool is_prime(uint64_t n)
{
    static const uint64_t bases[] = {2,  3,  5,  7,  11, 13,
                                     17, 19, 23, 29, 31, 37};

    if (n < 2)
        return false;
    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
        if (n % bases[i] == 0)
            return n == bases[i];
    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
        if (!passes(n, bases[i]))
            return false;
    return true;
}

SOPOOL_TASK_WITH(SOPOOL_PURE, is_prime, bool, "Is n a prime number?", (u64, n))
{
    *out = is_prime(a->n);
    return SOPOOL_OK;
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* A factor of a composite n, by Pollard's rho method. */
static uint64_t find_factor(uint64_t n)
{
    if (n % 2 == 0)
        return 2;
    for (uint64_t c = 1;; c++) {
        uint64_t slow = 2, fast = 2, factor = 1;

        while (factor == 1) {
            slow = (uint64_t)(((wide)slow * slow + c) % n);
            fast = (uint64_t)(((wide)fast * fast + c) % n);
            fast = (uint64_t)(((wide)fast * fast + c) % n);
            factor = gcd(slow > fast ? slow - fast : fast - slow, n);
        }
        if (factor != n)
            return factor;
    }
}

/* A 64-bit number has 63 prime factors at most. */
struct factors {
    uint64_t list[64];
    size_t count;
};

static void take_apart(struct factors *f, uint64_t n)
{
    uint64_t open[64]; /* factors that may be composite */
    size_t count = 0;

    for (; n % 2 == 0; n /= 2)
        f->list[f->count++] = 2;
    if (n > 1)
        open[count++] = n;
    while (count > 0) {
        uint64_t m = open[--count];
        uint64_t factor;

        if (is_prime(m)) {
            f->list[f->count++] = m;
            continue;
        }
        factor = find_factor(m);
        open[count++] = factor;
        open[count++] = m / factor;
    }
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

SOPOOL_TASK_WITH(SOPOOL_PURE, factor, list,
                 "The prime factors of n, the smallest first.", (u64, n))
{
    struct factors f;

    f.count = 0;
    if (a->n == 0)
        return sopool_fail(call, "0 has no prime factors");
    take_apart(&f, a->n);
    qsort(f.list, f.count, sizeof(f.list[0]), by_size);
    (void)sopool_put_array(out, f.count);
    for (size_t i = 0; i < f.count; i++)
        (void)sopool_put_u64(out, f.list[i]);
    return SOPOOL_OK;
}

/* ---- pi ---------------------------------------------------------------- */

/* A number from 0 up to 1 from a small generator (Vigna's splitmix64, which is
 * in the public domain). */
static double next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

enum { LOOK_EVERY = 1 << 16 };

SOPOOL_TASK_WITH(SOPOOL_PURE, estimate_pi, f64,
                 "Pi, from so many random points; a seed gives the same again.",
                 (u64, samples), (u64, seed))
{
    uint64_t state = a->seed, inside = 0;

    if (a->samples == 0)
        return sopool_fail(call, "at least one sample is needed");
    for (uint64_t i = 0; i < a->samples; i++) {
        double x = next_random(&state), y = next_random(&state);

        inside += x * x + y * y < 1;
        if (i % LOOK_EVERY == 0 && sopool_should_stop(call))
            return sopool_fail(call, "stopped after %" PRIu64 " samples", i);
    }
    *out = 4 * (double)inside / (double)a->samples;
    return SOPOOL_OK;
}

/* ---- Mandelbrot -------------------------------------------------------- */

static uint64_t escape_time(double x0, double y0, uint64_t limit)
{
    double x = 0, y = 0;
    uint64_t n = 0;

    for (; n < limit && x * x + y * y <= 4; n++) {
        double next = x * x - y * y + x0;

        y = 2 * x * y + y0;
        x = next;
    }
    return n;
}

SOPOOL_TASK_WITH(SOPOOL_PURE, mandelbrot, list,
                 "A row of the Mandelbrot set: iterations for each point from "
                 "-2 to 0.6 (and -1.3 to 1.3 from row to row).",
                 (u64, row), (u64, width), (u64, height), (u64, iterations))
{
    double y;

    if (a->width < 1 || a->width > 65536 || a->height < 1 ||
        a->height > 65536 || a->row >= a->height || a->iterations > 65535)
        return sopool_fail(call,
                           "allowed: width and height from 1 to 65536, a row "
                           "below height, at most 65535 iterations");
    y = -1.3 + 2.6 * ((double)a->row + 0.5) / (double)a->height;
    (void)sopool_put_array(out, a->width);
    for (uint64_t i = 0; i < a->width; i++) {
        double x = -2 + 2.6 * ((double)i + 0.5) / (double)a->width;

        if (sopool_should_stop(call))
            return sopool_fail(call, "stopped at column %" PRIu64, i);
        (void)sopool_put_u64(out, escape_time(x, y, a->iterations));
    }
    return SOPOOL_OK;
}

SOPOOL_PLUGIN(math, "1.0", square, is_prime, factor, estimate_pi, mandelbrot);
