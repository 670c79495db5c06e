/* store_key: the key by which what is on disk is sealed, and where it comes from. */
#ifndef WAX_BROKER_STORE_KEY_H
#define WAX_BROKER_STORE_KEY_H

#include "broker/broker.h"

enum {
    STORE_KEY_SIZE = WAX_BROKER_STORE_KEY_SIZE,
    STORE_KEY_FAULT_SIZE = WAX_BROKER_STORE_FAULT_SIZE
};

struct store_key {
    uint8_t bytes[STORE_KEY_SIZE];
    bool is_given;
    char fault[STORE_KEY_FAULT_SIZE]; /* a sentence: why not WAX_OK; else empty */
};

/* Finds the key: in the file of this path; without one, in the service's credential `wax.key`
 * ($CREDENTIALS_DIRECTORY, as systemd has it); without that, in $WAX_STORE_KEY, which is wiped and
 * taken from the environment in any case. It is written as 64 hexadecimal digits, and in files also
 * as 32 bytes. The caller wipes it. Returns WAX_OK, also where there is none; WAX_INVALID. */
wax_status store_key_find(struct store_key *key, const char *path) WAX_CHECKED;

/* Reads the one of a file. Returns WAX_OK or WAX_INVALID. */
wax_status store_key_read(struct store_key *key, const char *path) WAX_CHECKED;

#endif
