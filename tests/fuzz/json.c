/* json.c - fuzzes JSON on its way in and out: the first byte is the type that
 * it is read as, the rest the text. What was read is shown, and what was shown
 * is read as the same. */
#include "fuzz.h"

#include <string.h>

#include "json.h"
#include "render.h"
#include "session.h"

enum { ROOM = 1 << 16 };

/* The command ends there; here nothing is ever written. */
void session_cannot_write(int error)
{
    (void)error;
    abort();
}

void session_pipe_closed(void)
{
    abort();
}

static void show_and_read(struct json *json, int type, const uint8_t *item,
                          size_t size)
{
    static struct output shown = {.fd = -1};
    static uint8_t again[2 * ROOM];
    sopool_writer w = sopool_writer_of(again, sizeof(again));
    sopool_error err;

    shown.size = 0;
    render_json(&shown, item, size);
    must(json_value(json, type, shown.data, shown.size, &w, &err) == 0);
    /* What JSON has no number for is shown as null. */
    if (type != SOPOOL_ANY && type != SOPOOL_LIST && type != SOPOOL_MAP)
        must(w.size == size && memcmp(again, item, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct json *json;
    static uint8_t item[ROOM];
    sopool_writer w = sopool_writer_of(item, sizeof(item));
    sopool_error err;
    int type;

    if (json == NULL)
        json = json_new();
    if (json == NULL || size == 0 || size > ROOM / 16)
        return 0;
    type = SOPOOL_BOOL + data[0] % (SOPOOL_ANY - SOPOOL_BOOL + 1);
    memset(&err, 0, sizeof(err));
    if (json_value(json, type, (const char *)data + 1, size - 1, &w, &err) ==
        0) {
        must(sopool_cbor_check(item, w.size) == NULL);
        show_and_read(json, type, item, w.size);
    } else {
        must(err.message[0] != '\0');
    }
    return 0;
}
