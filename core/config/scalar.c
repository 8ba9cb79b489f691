/* scalar.c - see scalar.h. */
#include "config/scalar.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sopool.h"

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcmp(text, *words) == 0)
            return true;
    return false;
}

static bool put_word(sopool_writer *w, const char *text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    static const char *const infs[] = {".inf",  ".Inf",  ".INF", "+.inf",
                                       "+.Inf", "+.INF", NULL};
    static const char *const negative[] = {"-.inf", "-.Inf", "-.INF", NULL};
    static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};

    if (is_one_of(text, nulls))
        (void)sopool_put_null(w);
    else if (is_one_of(text, trues))
        (void)sopool_put_bool(w, true);
    else if (is_one_of(text, falses))
        (void)sopool_put_bool(w, false);
    else if (is_one_of(text, infs))
        (void)sopool_put_f64(w, (double)INFINITY);
    else if (is_one_of(text, negative))
        (void)sopool_put_f64(w, -(double)INFINITY);
    else if (is_one_of(text, nans))
        (void)sopool_put_f64(w, (double)NAN);
    else
        return false;
    return true;
}

static bool put_octal(sopool_writer *w, const char *text)
{
    unsigned long long value;
    char *end;

    if (strncmp(text, "0o", 2) != 0 || text[2] < '0' || text[2] > '7')
        return false;
    errno = 0;
    value = strtoull(text + 2, &end, 8);
    if (*end != '\0' || errno != 0)
        return false;
    (void)sopool_put_u64(w, value);
    return true;
}

/* Digits, a dot, an exponent: what a number in YAML may be made of. */
static bool looks_numeric(const char *text)
{
    return strspn(text, "+-0123456789.eE") == strlen(text) &&
           strpbrk(text, "0123456789") != NULL;
}

static bool put_number(sopool_writer *w, const char *text, size_t size)
{
    sopool_arg arg;

    if (sopool_arg_parse(SOPOOL_I64, text, size, &arg, NULL) == 0)
        (void)sopool_put_i64(w, arg.as.i);
    else if (sopool_arg_parse(SOPOOL_U64, text, size, &arg, NULL) == 0)
        (void)sopool_put_u64(w, arg.as.u);
    else if (looks_numeric(text) &&
             sopool_arg_parse(SOPOOL_F64, text, size, &arg, NULL) == 0)
        (void)sopool_put_f64(w, arg.as.f);
    else
        return false;
    return true;
}

void scalar_put(sopool_writer *w, const char *text, size_t size, bool plain)
{
    if (plain && strlen(text) == size &&
        (put_word(w, text) || put_octal(w, text) || put_number(w, text, size)))
        return;
    (void)sopool_put_text(w, text, size);
}
