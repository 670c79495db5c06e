/* Entries of the log as people read them. */
#ifndef WAX_TOOLS_KEYS_ENTRY_H
#define WAX_TOOLS_KEYS_ENTRY_H

#include "keys/keys.h"

#include <stdio.h>

/* Writes an entry on one line: `NUMBER TIME WHO: WHAT ON NAME=VALUE...`. */
void keys_entry_print(FILE *out, const wax_keys_entry *entry);

/* Writes how far a log was followed, on one line: the number of an entry and its SHA-256. */
void keys_anchor_print(FILE *out, const wax_keys_followed *followed);

#endif
