/* What the items of lists must be. */
#ifndef WAX_KEYS_CHECKS_H
#define WAX_KEYS_CHECKS_H

#include "keys/fields.h"

/* A text that is not empty; pairs of first and last sender, ascending; a sender and its public key;
 * numbers of padding. */
void check_text(wax_reader *in, uint64_t *memory);
void check_sender(wax_reader *in, uint64_t *memory);
void check_signer(wax_reader *in, uint64_t *memory);
void check_number(wax_reader *in, uint64_t *memory);

/* Whether a list of numbers says how to pad. */
bool check_padding(const wax_keys_list *padding);

/* Whether a suite has tags of this size, and is one; whether there is such a class. */
bool check_suite(uint32_t suite, uint32_t tag_size);

#endif
