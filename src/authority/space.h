/* The namespace's row, and the log that stands in it. */
#ifndef WAX_AUTHORITY_SPACE_H
#define WAX_AUTHORITY_SPACE_H

#include "authority/ledger.h"

/* Reads the row. */
void space_load(wax_authority *self);

/* A detail of an entry: a text or a number. */
struct detail {
    const char *name;
    wax_bytes text;
    uint64_t number;
};

/* What is written into the log. Details end with one without a name; names ascend as CBOR has it:
 * shorter ones first. */
struct note {
    const char *what;
    wax_bytes on;
    const struct detail *details; /* or NULL */
};

/* Begins a deed; ends it; and writes what it did into the log. */
void deed_begin(wax_authority *self);
wax_status deed_end(wax_authority *self) WAX_CHECKED;
void deed_note(wax_authority *self, const wax_authority_deed *deed, const struct note *note);

#endif
