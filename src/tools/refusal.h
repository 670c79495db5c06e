/* Why a broker lets a client not in, in words, and as an exit code. */
#ifndef WAX_TOOLS_REFUSAL_H
#define WAX_TOOLS_REFUSAL_H

#include "wire/wire.h"

/* What a broker's refusal means and what to do about it, in words. */
const char *tools_refusal_text(uint8_t reason);

/* The exit code for a refusal. */
int tools_refusal_code(uint8_t reason, wax_version version);

#endif
