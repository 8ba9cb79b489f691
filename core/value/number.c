/* number.c - see number.h. */
#include "value/number.h"

#include <string.h>

#include <sopool/cbor.h>

bool number_of_arg(const sopool_arg *arg, int type, uint64_t *word)
{
    *word = arg->as.u;
    if (arg->type == type)
        return true;
    /* The other kind of integer, if it is one of both. */
    return (arg->type == SOPOOL_I64 || arg->type == SOPOOL_U64) &&
           type != SOPOOL_F64 && arg->as.u <= INT64_MAX;
}

size_t number_put(int type, uint64_t word, uint8_t *to)
{
    sopool_writer w;
    double number;

    if (type != SOPOOL_F64) {
        bool negative = type == SOPOOL_I64 && word > INT64_MAX;

        return sopool_head_put(to,
                               negative ? SOPOOL_CBOR_NEGINT : SOPOOL_CBOR_UINT,
                               negative ? ~word : word);
    }
    memcpy(&number, &word, sizeof(number));
    w = sopool_writer_of(to, NUMBER_ITEM);
    (void)sopool_put_f64(&w, number);
    return w.size;
}

size_t number_put_list(const struct signature *s, const void *words,
                       uint8_t *to)
{
    const uint8_t *at = words;
    size_t size = sopool_head_put(to, SOPOOL_CBOR_ARRAY, s->words);

    for (uint32_t i = 0; i < s->words; i++) {
        uint64_t word;

        memcpy(&word, at + i * sizeof(word), sizeof(word));
        size += number_put(s->param[i].type, word, to + size);
    }
    return size;
}

bool number_get(int type, const void *item, size_t size, uint64_t *word)
{
    sopool_reader r = sopool_reader_of(item, size);
    int64_t whole;
    double number;
    int status = -1;

    if (type == SOPOOL_I64 && (status = sopool_read_i64(&r, &whole)) == 0)
        memcpy(word, &whole, sizeof(whole));
    else if (type == SOPOOL_U64)
        status = sopool_read_u64(&r, word);
    else if (type == SOPOOL_F64 && (status = sopool_read_f64(&r, &number)) == 0)
        memcpy(word, &number, sizeof(number));
    return status == 0 && r.at == r.end;
}
