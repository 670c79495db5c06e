/* Attributes of SCRAM's messages; inside of the room. */
#ifndef WAX_AUTH_WORDS_H
#define WAX_AUTH_WORDS_H

#include "auth/auth.h"

/* Cuts `text` at the first comma: what is before it is returned, what is behind stays. Without one,
 * all is returned and `data` of `text` becomes NULL. */
wax_bytes wax_scram_cut(wax_bytes *text);

/* Takes the value of the attribute `letter` off the front. False when another stands there. */
bool wax_scram_value(wax_bytes *text, char letter, wax_bytes *value);

/* Whether it may be a nonce. [RFC 5802, 7: printable] */
bool wax_scram_is_nonce(wax_bytes text);

/* Reads "=2C" and "=3D" in a name. False when it is none, or does not fit. [RFC 5802, 5.1] */
bool wax_scram_read_name(wax_bytes text, char *room, size_t *size);

/* Writes a name with them. */
void wax_scram_write_name(wax_writer *out, wax_bytes name);

/* Reads a decimal number from 1 to 99,999,999. */
bool wax_scram_read_number(wax_bytes text, uint32_t *number);

/* Adds to what was spoken; false when it is full. */
bool wax_scram_speak(wax_scram *scram, wax_bytes text);

#endif
