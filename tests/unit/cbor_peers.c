/* cbor_peers.c - the codec beside libcbor, and a filter for cbor_peers.py.
 *
 *     cbor_peers                   the tests with libcbor
 *     cbor_peers emit SEED COUNT   random items in hexadecimal, one a line
 *     cbor_peers copy              each line through the codec: the item as it
 *                                  is written again, or "error: ..."
 */
#include "cbor_copy.h"
#include "unit.h"

#include <cbor.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROOM (1 << 20)
#define ITEMS 3000

/* ---- random items ------------------------------------------------------- */

static uint64_t state;

static uint64_t draw(void) /* splitmix64 */
{
    uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* As likely short as long. */
static uint64_t draw_integer(void)
{
    return draw() >> (draw() % 64);
}

static double draw_float(void)
{
    uint64_t bits = draw();
    uint32_t narrow = (uint32_t)bits;
    double value;
    float single;

    switch (draw() % 4) {
    case 0:
        memcpy(&value, &bits, sizeof(value));
        return value;
    case 1:
        memcpy(&single, &narrow, sizeof(single));
        return (double)single;
    case 2:
        return sopool_float_of_half(bits & 0xffff);
    default:
        return (double)(int64_t)(bits % 4001 - 2000) / 16.0;
    }
}

/* Text of letters and of characters of two to four bytes. */
static size_t draw_text(char *out)
{
    static const char *const letters[] = {
        "a", "z", "0", "\n", "\xc3\xbc", "\xe6\xb0\xb4", "\xf0\x90\x85\x91"};
    size_t count = draw() % (draw() % 8 == 0 ? 60 : 6), size = 0;

    while (count-- > 0) {
        const char *letter = letters[draw() % 7];

        memcpy(out + size, letter, strlen(letter));
        size += strlen(letter);
    }
    return size;
}

struct key {
    size_t size;
    char text[240];
};

static int by_encoding(const void *left, const void *right)
{
    const struct key *a = left, *b = right;

    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    return memcmp(a->text, b->text, a->size);
}

static void put_random(sopool_writer *w, unsigned depth);

static void put_random_map(sopool_writer *w, unsigned depth)
{
    struct key keys[6];
    size_t count = draw() % 7, used = 0;

    for (size_t i = 0; i < count; i++)
        keys[i].size = draw_text(keys[i].text);
    qsort(keys, count, sizeof(keys[0]), by_encoding);
    for (size_t i = 0; i < count; i++)
        if (used == 0 || by_encoding(&keys[used - 1], &keys[i]) != 0)
            keys[used++] = keys[i];
    (void)sopool_put_map(w, used);
    for (size_t i = 0; i < used; i++) {
        (void)sopool_put_text(w, keys[i].text, keys[i].size);
        put_random(w, depth + 1);
    }
}

static void put_random_list(sopool_writer *w, unsigned depth)
{
    uint64_t count = draw() % (depth == 0 ? 40 : 5);

    (void)sopool_put_array(w, count);
    while (count-- > 0)
        put_random(w, depth + 1);
}

static void put_random(sopool_writer *w, unsigned depth)
{
    char text[240];
    uint64_t n;

    switch (draw() % (depth < 5 ? 10 : 8)) {
    case 0:
        (void)sopool_put_u64(w, draw_integer());
        break;
    case 1:
        n = draw_integer();
        (void)sopool_put_i64(w, n > INT64_MAX ? INT64_MIN : -(int64_t)n);
        break;
    case 2:
    case 3:
        (void)sopool_put_f64(w, draw_float());
        break;
    case 4:
        (void)sopool_put_text(w, text, draw_text(text));
        break;
    case 5:
        for (n = 0; n < sizeof(text); n++)
            text[n] = (char)draw();
        (void)sopool_put_bytes(w, text, draw() % sizeof(text));
        break;
    case 6:
        (void)sopool_put_bool(w, draw() % 2 != 0);
        break;
    case 7:
        (void)sopool_put_null(w);
        break;
    case 8:
        put_random_list(w, depth);
        break;
    default:
        put_random_map(w, depth);
        break;
    }
}

static size_t random_item(uint8_t *room)
{
    sopool_writer w = sopool_writer_of(room, ROOM);

    put_random(&w, 0);
    return w.failed ? 0 : w.size;
}

/* ---- libcbor ------------------------------------------------------------ */

static void assert_same(sopool_reader *r, const cbor_item_t *item);

static void assert_same_data(const sopool_cbor *got, const void *data,
                             size_t size)
{
    ck_assert_uint_eq(got->size, size);
    if (size > 0)
        ck_assert_mem_eq(got->data, data, size);
}

static void assert_same_float(const sopool_cbor *got, const cbor_item_t *item)
{
    double want = cbor_float_get_float(item);

    ck_assert_uint_eq(got->kind, SOPOOL_CBOR_FLOAT);
    if (want != want)
        ck_assert(got->number != got->number);
    else
        ck_assert_mem_eq(&got->number, &want, sizeof(want));
}

static void assert_same_control(const sopool_cbor *got, const cbor_item_t *item)
{
    if (cbor_is_float(item)) {
        assert_same_float(got, item);
    } else if (cbor_is_null(item)) {
        ck_assert_uint_eq(got->kind, SOPOOL_CBOR_NULL);
    } else {
        ck_assert_uint_eq(got->kind, SOPOOL_CBOR_BOOL);
        ck_assert_uint_eq(got->value, cbor_get_bool(item));
    }
}

static void assert_same_parts(sopool_reader *r, const sopool_cbor *got,
                              const cbor_item_t *item)
{
    if (cbor_isa_array(item)) {
        ck_assert_uint_eq(got->value, cbor_array_size(item));
        for (size_t i = 0; i < cbor_array_size(item); i++)
            assert_same(r, cbor_array_handle(item)[i]);
        return;
    }
    ck_assert_uint_eq(got->value, cbor_map_size(item));
    for (size_t i = 0; i < cbor_map_size(item); i++) {
        assert_same(r, cbor_map_handle(item)[i].key);
        assert_same(r, cbor_map_handle(item)[i].value);
    }
}

/* The next item of the reader is what libcbor has made of it. */
static void assert_same(sopool_reader *r, const cbor_item_t *item)
{
    sopool_cbor got;

    ck_assert_int_eq(sopool_read(r, &got), 0);
    switch (cbor_typeof(item)) {
    case CBOR_TYPE_UINT:
    case CBOR_TYPE_NEGINT:
        ck_assert_uint_eq(got.kind, cbor_isa_uint(item) ? SOPOOL_CBOR_UINT
                                                        : SOPOOL_CBOR_NEGINT);
        ck_assert_uint_eq(got.value, cbor_get_int(item));
        break;
    case CBOR_TYPE_BYTESTRING:
        ck_assert_uint_eq(got.kind, SOPOOL_CBOR_BYTES);
        assert_same_data(&got, cbor_bytestring_handle(item),
                         cbor_bytestring_length(item));
        break;
    case CBOR_TYPE_STRING:
        ck_assert_uint_eq(got.kind, SOPOOL_CBOR_TEXT);
        assert_same_data(&got, cbor_string_handle(item),
                         cbor_string_length(item));
        break;
    case CBOR_TYPE_ARRAY:
    case CBOR_TYPE_MAP:
        assert_same_parts(r, &got, item);
        break;
    default:
        assert_same_control(&got, item);
        break;
    }
}

/* Not written again by libcbor: older ones cut subnormal halves. */
START_TEST(libcbor_reads_ours)
{
    static uint8_t room[ROOM];

    state = 1;
    for (int i = 0; i < ITEMS; i++) {
        size_t size = random_item(room);
        struct cbor_load_result result;
        cbor_item_t *item = cbor_load(room, size, &result);
        sopool_reader r = sopool_reader_of(room, size);

        ck_assert_ptr_null(sopool_cbor_check(room, size));
        ck_assert_ptr_nonnull(item);
        ck_assert_uint_eq(result.read, size);
        assert_same(&r, item);
        ck_assert_ptr_eq(r.at, r.end);
        cbor_decref(&item);
    }
}
END_TEST

static cbor_item_t *build_integer(void)
{
    uint64_t value = draw_integer();
    cbor_item_t *item =
        value <= UINT8_MAX    ? cbor_build_uint8((uint8_t)value)
        : value <= UINT16_MAX ? cbor_build_uint16((uint16_t)value)
        : value <= UINT32_MAX ? cbor_build_uint32((uint32_t)value)
                              : cbor_build_uint64(value);

    if (draw() % 2 != 0)
        cbor_mark_negint(item);
    return item;
}

/* In a width that keeps the value, as the profile asks. */
static cbor_item_t *build_float(void)
{
    static const float halves[] = {0, 1.5F, -2, 65504, 0.25F, -0.0F};
    double value = 1.0 + (double)draw_integer() / 3.0;

    switch (draw() % 3) {
    case 0:
        return cbor_build_float2(halves[draw() % 6]);
    case 1:
        return cbor_build_float4(1 + (float)(draw() % 1000 * 2 + 1) * 0x1p-20F);
    default:
        return (double)(float)value == value ? cbor_build_float8(1e300)
                                             : cbor_build_float8(value);
    }
}

static cbor_item_t *build_leaf(void)
{
    char text[240];

    switch (draw() % 6) {
    case 0:
        return build_integer();
    case 1:
        return cbor_build_stringn(text, draw_text(text));
    case 2:
        return cbor_build_bytestring((cbor_data)text, draw_text(text));
    case 3:
        return cbor_build_bool(draw() % 2 != 0);
    case 4:
        return build_float();
    default:
        return cbor_new_null();
    }
}

static cbor_item_t *build_tree(unsigned depth)
{
    size_t count = draw() % 8;
    cbor_item_t *list;

    if (depth == 4 || draw() % 3 == 0)
        return build_leaf();
    list = cbor_new_definite_array(count);
    for (size_t i = 0; i < count; i++)
        ck_assert(cbor_array_push(list, cbor_move(build_tree(depth + 1))));
    return list;
}

START_TEST(we_read_libcbors)
{
    static uint8_t copy[ROOM];

    state = 2;
    for (int i = 0; i < ITEMS; i++) {
        cbor_item_t *item = build_tree(0);
        unsigned char *bytes = NULL;
        size_t allocated, size = cbor_serialize_alloc(item, &bytes, &allocated);
        sopool_reader r = sopool_reader_of(bytes, size);
        sopool_writer w = sopool_writer_of(copy, sizeof(copy));

        ck_assert_msg(sopool_cbor_check(bytes, size) == NULL, "%s",
                      sopool_cbor_check(bytes, size));
        assert_same(&r, item);
        r = sopool_reader_of(bytes, size);
        ck_assert_int_eq(copy_cbor(&r, &w), 0);
        ck_assert_uint_eq(w.size, size);
        ck_assert_mem_eq(copy, bytes, size);
        free(bytes);
        cbor_decref(&item);
    }
}
END_TEST

/* ---- the filter --------------------------------------------------------- */

static int emit(const char *seed, const char *count)
{
    static uint8_t room[ROOM];

    state = strtoull(seed, NULL, 10);
    for (long left = strtol(count, NULL, 10); left > 0; left--)
        hex_print(stdout, room, random_item(room));
    return 0;
}

static void copy_line(const char *hex)
{
    static uint8_t bytes[ROOM], room[ROOM];
    size_t size = hex_bytes(hex, bytes);
    sopool_reader r = sopool_reader_of(bytes, size);
    sopool_writer w = sopool_writer_of(room, sizeof(room));
    const char *why = sopool_cbor_check(bytes, size);

    if (why != NULL)
        (void)printf("error: %s\n", why);
    else if (copy_cbor(&r, &w) != 0)
        (void)printf("error: not copied\n");
    else
        hex_print(stdout, room, w.size);
}

static int copy(void)
{
    static char line[2 * ROOM];

    while (fgets(line, sizeof(line), stdin) != NULL)
        copy_line(line);
    return 0;
}

int main(int argc, char **argv)
{
    Suite *s;
    TCase *t;

    if (argc == 4 && strcmp(argv[1], "emit") == 0)
        return emit(argv[2], argv[3]);
    if (argc == 2 && strcmp(argv[1], "copy") == 0)
        return copy();
    s = suite_create("cbor_peers");
    t = tcase_create("libcbor");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, libcbor_reads_ours);
    tcase_add_test(t, we_read_libcbors);
    suite_add_tcase(s, t);
    return unit_run_here(s);
}
