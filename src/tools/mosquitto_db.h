/* Mosquitto's database, mosquitto.db: a file of chunks, versions 3 to 6 (Mosquitto 1.0 to 2.1). */
#ifndef WAX_TOOLS_MOSQUITTO_DB_H
#define WAX_TOOLS_MOSQUITTO_DB_H

#include "base/base.h"

enum db_kind {
    DB_CONFIG = 1,
    DB_MESSAGE = 2,
    DB_QUEUED = 3, /* a message that waits for a client */
    DB_RETAINED = 4,
    DB_SUBSCRIPTION = 5,
    DB_CLIENT = 6,
};

/* One chunk. What its kind does not have is zero; views borrow from the file. */
struct db_chunk {
    uint32_t kind; /* enum db_kind; others are left out by db_next() */
    uint64_t store_id;
    uint64_t expires_s; /* since 1970: of a message, or of a client's session; 0: never */
    uint32_t expiry_s;  /* of a client's session; UINT32_MAX: none */
    uint32_t identifier;
    uint16_t port; /* of the listener; 0: not told */
    uint8_t qos;
    uint8_t options; /* of a subscription, as in SUBSCRIBE */
    uint8_t state;
    bool retain;
    bool is_incoming;
    wax_bytes client_id; /* of a message: who sent it */
    wax_bytes user;
    wax_bytes topic; /* or filter */
    wax_bytes payload;
    wax_bytes properties; /* with their length in front; empty: none */
};

struct db {
    wax_reader in;
    uint32_t version;
};

/* Begins with the first chunk. Returns WAX_OK; WAX_MALFORMED when this is no such file;
 * WAX_UNSUPPORTED_VERSION when its version, which is set, is another. */
wax_status db_open(struct db *db, wax_bytes file) WAX_CHECKED;

/* Takes the next chunk. Returns WAX_OK; WAX_NOT_FOUND at the end; WAX_MALFORMED when the file is
 * cut or damaged. */
wax_status db_next(struct db *db, struct db_chunk *chunk) WAX_CHECKED;

#endif
