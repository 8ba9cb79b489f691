/* invent.h - arguments for a task, made up from its signature.
 *
 * They follow from a row of bytes, the choices: a few for each decision that is
 * taken on the way; past its end a row is zeros. Whatever the types, to take
 * choices away and to make them smaller makes simpler arguments, as a rule. So
 * what looks for the simplest needs to know of choices alone. That is how
 * Hypothesis does it (MacIver and Donaldson, "Test-Case Reduction via Test-Case
 * Generation", 2020).
 */
#ifndef SOPOOL_CLI_INVENT_H
#define SOPOOL_CLI_INVENT_H

#include <sopool.h>
#include <sopool/cbor.h>

enum { CHOICES_MOST = 1024 };

struct choices {
    size_t size;
    uint8_t byte[CHOICES_MOST];
};

/* Arguments that are known to lead somewhere: those of a test's cases. */
struct known_args {
    const sopool_blob *list; /* each one CBOR list */
    size_t count;
};

/* Adds the CBOR list of the arguments that these choices make. */
void invent(const struct choices *choices, const sopool_task_info *task,
            const struct known_args *known, sopool_writer *out);

#endif
