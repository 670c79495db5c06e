/* Logging in by SCRAM-SHA-256: the password is not sent, and the broker proves that it knows it,
 * too. [MQTT 5.0, 4.12] */
#ifndef WAX_TOOLS_SCRAM_H
#define WAX_TOOLS_SCRAM_H

#include "tools/settings.h"

struct scram;

/* Makes what the settings' user and password need. NULL without memory. */
struct scram *tools_scram_open(const struct settings *settings);

/* Wipes it. NULL is fine. */
void tools_scram_close(struct scram *scram);

/* Begins anew, for another connection. `properties` are those that CONNECT must have, the settings'
 * among them; they live until the next call. Returns WAX_OK; WAX_INVALID for a user name that is
 * too long; WAX_FULL. */
wax_status tools_scram_begin(struct scram *scram, wax_bytes *properties) WAX_CHECKED;

/* Makes the answer to the broker's AUTH, which lives until the next call. Returns NULL, or what is
 * wrong with what the broker says, as one clause; constant. */
const char *tools_scram_answer(struct scram *scram, wax_bytes properties, wax_notice *answer);

/* Whether CONNACK, by its properties, proves that the broker knows the password. */
bool tools_scram_is_proven(const struct scram *scram, wax_bytes properties);

#endif
