/* form.h - results in the form that --output asks for, one after the other.
 *
 * CSV has one header: the keys of the first result if that is a map, else the
 * one column "result"; with --tag the input stands before them. */
#ifndef SOPOOL_CLI_FORM_H
#define SOPOOL_CLI_FORM_H

#include <sopool.h>
#include <sopool/cbor.h>

#include "input.h"
#include "output.h"
#include "settings.h"

struct form {
    int kind;          /* enum format */
    bool tag, indexed; /* the input, its index is shown */

    /* Of CSV. */
    bool headed, maps;   /* the header is written; it has a map's keys */
    sopool_text *column; /* sorted as a map's keys are; owned */
    size_t columns;
    struct output *nested; /* lists and maps on their way into a cell; owned */
};

/* 0, or -1 after a message. */
int form_init(struct form *form, const struct settings *settings);
void form_finish(struct form *form);

/* Writes a result: of the input that is the `index`-th, from 0. -1: the form
 * has no place for it; nothing is written then. */
int form_result(struct form *form, struct output *out, uint64_t index,
                const struct line *input, const void *item, size_t size,
                sopool_error *err);

/* Writes a failure if the form has a place for one; else returns false. */
bool form_failure(struct form *form, struct output *out, uint64_t index,
                  const struct line *input, const sopool_error *err);

/* There are no more results. Their type is a sopool_type. */
void form_end(struct form *form, struct output *out, int type);

/* What follows stands in another file. */
void form_restart(struct form *form);

#endif
