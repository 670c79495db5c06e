/* How what is kept stands in the store: keys and values of its tables, written and read. Numbers
 * are big endian. Times are those of the wall clock, since the monotonic one begins anew. */
#ifndef WAX_BROKER_KEEP_RECORD_H
#define WAX_BROKER_KEEP_RECORD_H

#include "broker/message.h"
#include "router/router.h"
#include "store/store.h"

/* A key of one or two numbers. */
struct kept_key {
    uint8_t bytes[2 * WAX_STORE_NUMBER_SIZE];
    size_t size;
};

struct kept_key kept_key_of(uint64_t number);
struct kept_key kept_key_of_row(uint64_t session, uint64_t place);
struct kept_key kept_key_of_received(uint64_t session, uint16_t packet_id);
wax_bytes kept_key_bytes(const struct kept_key *key);

/* The number that a key begins with, and what stands behind it. */
uint64_t kept_number(wax_bytes key);
wax_bytes kept_rest(wax_bytes key);

enum { KEPT_VERSION = 1 }; /* the first byte of a session and of a message */

struct kept_session {
    wax_bytes id;
    wax_bytes user;
    bool has_user;
    bool is_bridge; /* of our own */
    uint16_t port;  /* of the listener it came by last; 0: a Unix socket, or a bridge */
    uint32_t expiry_s;
    uint64_t left_wall_ms; /* 0: it was connected */
};

/* How far a message in a session's queue has come. */
enum kept_state {
    KEPT_WAITING,
    KEPT_SENT,
    KEPT_RELEASED, /* PUBREC came: only the packet id is left */
};

enum { KEPT_IDENTIFIER_MAX = 4096 };

struct kept_row {
    uint64_t message; /* 0: none any more */
    uint8_t state;    /* enum kept_state */
    uint8_t qos;
    bool retain;
    uint16_t packet_id;
    uint32_t weight;       /* what it counts for in the queue, in bytes */
    wax_bytes share_name;  /* of the shared group that it came by; empty: by none */
    wax_bytes filter;      /* of that group */
    wax_bytes identifiers; /* four bytes each */
};

struct kept_will {
    uint64_t message;
    uint32_t delay_s;
};

/* What is retained for a topic, which is the key. */
struct kept_retained {
    uint64_t message;
    uint32_t payload_size; /* UINT32_MAX: it is not told, since an earlier version wrote it */
};

enum { KEPT_LETTER_SHARED = UINT16_MAX };

/* A message on its way from worker to worker. */
struct kept_letter {
    uint64_t message;
    uint16_t index; /* of the worker that it goes to; KEPT_LETTER_SHARED: to a shared group */
    uint16_t count; /* of workers, then */
    wax_bytes share_name;
    wax_bytes filter;
};

/* Writing; sizes first, because the store wants to know them. */
size_t kept_session_size(const struct kept_session *session);
void kept_session_write(wax_writer *out, const struct kept_session *session);
size_t kept_row_size(const struct kept_row *row);
void kept_row_write(wax_writer *out, const struct kept_row *row);
size_t kept_message_size(const struct message *message);
void kept_message_write(wax_writer *out, const struct message *message);
void kept_options_write(wax_writer *out, const wax_subscription_options *options);
void kept_will_write(wax_writer *out, const struct kept_will *will);
size_t kept_letter_size(const struct kept_letter *letter);
void kept_letter_write(wax_writer *out, const struct kept_letter *letter);
void kept_retained_write(wax_writer *out, const struct kept_retained *retained);

enum { KEPT_OPTIONS_SIZE = 6, KEPT_WILL_SIZE = 12, KEPT_RETAINED_SIZE = 12 };

/* Reading; false for what this version does not understand. Views borrow from the value. */
bool kept_session_read(wax_bytes value, struct kept_session *session);
bool kept_row_read(wax_bytes value, struct kept_row *row);

/* The identifiers of a row as a delivery has them; NULL for none, or without memory. */
uint32_t *kept_identifiers(wax_bytes encoded);
bool kept_options_read(wax_bytes value, wax_subscription_options *options);
bool kept_will_read(wax_bytes value, struct kept_will *will);
bool kept_letter_read(wax_bytes value, struct kept_letter *letter);
bool kept_retained_read(wax_bytes value, struct kept_retained *retained);

/* Makes the message again, under the number of its key. NULL without memory, or for what this
 * version does not understand. */
struct message *kept_message_read(uint64_t number, wax_bytes value);

/* For tasks of the store: the message of this number, or NULL, also when there is none. */
struct message *kept_message_find(const wax_store *store, wax_store_view *view, uint64_t number);

#endif
