/* html.c - see html.h. */
#include "html.h"

#include <inttypes.h>
#include <stdio.h>

#include "message.h"

/* ---- text -------------------------------------------------------------- */

static void put_escaped(struct output *out, const char *text)
{
    for (; *text != '\0'; text++)
        switch (*text) {
        case '&':
            output_text(out, "&amp;");
            break;
        case '<':
            output_text(out, "&lt;");
            break;
        case '>':
            output_text(out, "&gt;");
            break;
        case '"':
            output_text(out, "&quot;");
            break;
        case '\'':
            output_text(out, "&#39;");
            break;
        default:
            output_byte(out, *text);
        }
}

/* In pieces that fit even if each of their bytes becomes four. */
void html_text(struct output *out, const char *text, size_t size)
{
    enum { PIECE = 256 };
    char shown[4 * PIECE + 4];

    while (size > 0) {
        size_t piece = sample_cut(text, size, PIECE);

        put_escaped(out, message_text(text, piece, shown, sizeof(shown)));
        text += piece;
        size -= piece;
    }
}

void html_string(struct output *out, const char *text)
{
    html_text(out, text, strlen(text));
}

void html_input(struct output *out, const char *text, size_t kept, size_t whole)
{
    char size[32];

    html_text(out, text, kept);
    if (kept < whole)
        output_format(out, "\u2026 (%s)", html_size(size, (double)whole));
}

/* ---- numbers ----------------------------------------------------------- */

void html_count(struct output *out, uint64_t count)
{
    char digits[24];
    int size = snprintf(digits, sizeof(digits), "%" PRIu64, count);

    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0)
            output_byte(out, ',');
        output_byte(out, digits[i]);
    }
}

/* Three digits of a number, and its unit. */
static const char *put_unit(char text[32], double number, const char *unit)
{
    int decimals = number < 9.995 ? 2 : number < 99.95 ? 1 : 0;

    (void)snprintf(text, 32, "%.*f\u202f%s", decimals, number, unit);
    return text;
}

const char *html_time(char text[32], double ns)
{
    uint64_t seconds = (uint64_t)(ns / 1e9 + 0.5);

    if (ns < 999.5)
        (void)snprintf(text, 32, "%.0f\u202fns", ns);
    else if (ns < 999.5e3)
        return put_unit(text, ns / 1e3, "\u00b5s");
    else if (ns < 999.5e6)
        return put_unit(text, ns / 1e6, "ms");
    else if (ns < 119.5e9)
        return put_unit(text, ns / 1e9, "s");
    else if (seconds < 7200)
        (void)snprintf(text, 32, "%" PRIu64 "\u202fmin %02d\u202fs",
                       seconds / 60, (int)(seconds % 60));
    else
        (void)snprintf(text, 32, "%" PRIu64 "\u202fh %02d\u202fmin",
                       seconds / 3600, (int)(seconds / 60 % 60));
    return text;
}

/* In the unit, of those that are `step` times each other, in which it has three
 * digits. */
static const char *put_scaled(char text[32], double number, double step,
                              const char *const unit[], size_t units)
{
    size_t at = 0;

    for (number /= step; number >= 999.5 && at + 1 < units; at++)
        number /= step;
    return put_unit(text, number, unit[at]);
}

const char *html_size(char text[32], double bytes)
{
    static const char *const unit[] = {"KiB", "MiB", "GiB", "TiB"};

    if (bytes >= 1024)
        return put_scaled(text, bytes, 1024, unit, 4);
    (void)snprintf(text, 32, "%.0f\u202fbytes", bytes);
    return text;
}

const char *html_short(char text[32], double count)
{
    static const char *const unit[] = {"k", "M", "G"};

    if (count >= 999.5)
        return put_scaled(text, count, 1000, unit, 3);
    (void)snprintf(text, 32, count < 9.95 && count > 0 ? "%.1f" : "%.0f",
                   count);
    return text;
}
