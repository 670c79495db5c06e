/* `wax keys follow`: who does not have the authority verifies its log. */
#ifndef WAX_TOOLS_KEYS_FOLLOW_H
#define WAX_TOOLS_KEYS_FOLLOW_H

#include "tools/identity.h"
#include "tools/keys_answer.h"

/* How far in front of the last entry that was followed others are kept until those between come. */
#define KEYS_FOLLOW_AHEAD 2048

/* Reads lines, `TOPIC PAYLOAD` with the payload in hexadecimal, as `wax sub -F '%t %x'` writes
 * them, in any order; shows the entries that follow what the file `anchor` has - without it, from
 * the first one on - and notes there how far that came. False, with `answer->fault`, when the log
 * does not continue, or is not all there. */
bool keys_follow_input(const struct identity *house, const char *anchor, FILE *in,
                       struct keys_answer *answer);

/* The same for the standard input, and the files that the order names. */
bool keys_follow_log(const struct keys_order *order, struct keys_answer *answer);

#endif
