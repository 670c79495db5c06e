/* The keys of tokens, from the configuration's lines. */
#ifndef WAX_BROKER_TOKENS_H
#define WAX_BROKER_TOKENS_H

#include "auth/auth.h"
#include "broker/config.h"

/* Reads every key that the listener names; what is wrong is reported. */
void tokens_load(wax_token_rules *rules, const wax_listener_config *listener,
                 wax_config_report *report);
void tokens_free(wax_token_rules *rules);

/* Stands for a key while it is in use; whether one of the rules' keys is that one. */
uint64_t token_mark(const wax_token_key *key);
bool tokens_have(const wax_token_rules *rules, uint64_t mark);

#endif
