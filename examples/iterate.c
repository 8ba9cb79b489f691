/* iterate.c - one task over many inputs: map when they are all there, imap when
 * they come one by one and may be endless. */
#include <sopool/cbor.h>

#include "example.h"

/* Every input that there is at once; all results together. */
static void map(sopool_pool *pool)
{
    sopool_arg inputs[5];
    sopool_error err = {0};
    sopool_result *result;
    sopool_value *list;
    int s[5];

    for (int i = 0; i < 5; i++)
        inputs[i] = sopool_arg_i64(i);
    result = sopool_map(pool, "math.square", inputs, 5, NULL, &err);
    if (result == NULL)
        fail(&err);
    list = sopool_result_get(result, -1, &err);
    if (list == NULL || sopool_unpack(list, &err, "[iiiii]", &s[0], &s[1],
                                      &s[2], &s[3], &s[4]) != 0)
        fail(&err);
    printf("map: %d %d %d %d %d\n", s[0], s[1], s[2], s[3], s[4]);
    sopool_value_free(list);
    sopool_result_free(result);
}

/* The odd numbers from 3 on, without end. */
struct odd {
    int64_t next;
    sopool_arg arg;
};

static int next_odd(void *ctx, sopool_args *args, sopool_error *err)
{
    struct odd *odd = ctx;

    (void)err;
    odd->arg = sopool_arg_i64(odd->next);
    odd->next += 2;
    *args = (sopool_args){&odd->arg, 1, NULL, 0};
    return 1;
}

/* The first primes: inputs are read only as far as they are needed. */
static void imap(sopool_pool *pool)
{
    struct odd odd = {.next = 3};
    sopool_error err = {0};
    sopool_iterator *it =
        sopool_imap(pool, "math.is_prime", next_odd, &odd, NULL, &err);
    sopool_item item;
    int found = 0;

    if (it == NULL)
        fail(&err);
    printf("imap:");
    while (found < 10) {
        sopool_reader reader;
        bool prime;

        if (sopool_imap_next(it, &item, -1, &err) != 1)
            fail(&err);
        if (item.error != NULL)
            fail(item.error);
        reader = sopool_reader_of(item.cbor, item.size);
        if (sopool_read_bool(&reader, &prime) == 0 && prime) {
            printf(" %" PRIu64, 3 + 2 * item.index);
            found++;
        }
    }
    printf("\n");
    sopool_imap_close(it); /* what was ahead is cancelled */
}

int main(void)
{
    sopool_pool *pool = open_pool(SETTINGS("processes", "2"));

    map(pool);
    imap(pool);
    finish(pool);
    return 0;
}
