/* import: what another broker has left behind. Reads the database of Mosquitto (`mosquitto.db`,
 * which `persistence true` writes: versions 3 to 6, of Mosquitto 0.15 to 2.1), gives its records
 * one by one, and gathers them into retained messages and sessions.
 *
 * The file is not trusted: every size in it is checked against the bytes there are. All views are
 * into the file's bytes, which the caller keeps. The source of the format is the files themselves
 * and the notes in Mosquitto's persist.h: numbers are in network order but for store ids and times,
 * which are in the order of the host that wrote them. */
#ifndef WAX_IMPORT_H
#define WAX_IMPORT_H

#include "wire/wire.h"

WAX_C_BEGIN

/* --- One record after the other --- */

typedef enum wax_import_kind {
    WAX_IMPORT_NOTHING = 0,
    WAX_IMPORT_CONFIG = 1,
    WAX_IMPORT_MESSAGE = 2,
    WAX_IMPORT_QUEUED = 3,
    WAX_IMPORT_RETAINED = 4,
    WAX_IMPORT_SUBSCRIPTION = 5,
    WAX_IMPORT_CLIENT = 6,
} wax_import_kind;

/* About the file as a whole. */
typedef struct wax_import_config {
    uint64_t last_store_id;
    bool was_shut_down; /* written at the broker's end; else while it ran */
} wax_import_config;

/* A message that others refer to by its store id. */
typedef struct wax_import_message {
    uint64_t store_id;
    int64_t expires_s; /* seconds since 1970 of the wall clock; 0: never */
    wax_bytes topic;   /* as it stands in the file: perhaps empty, or no UTF-8 */
    wax_bytes payload;
    wax_bytes properties; /* encoded; without Message Expiry, which `expires_s` holds */
    wax_bytes source_id;
    wax_bytes source_username; /* empty before version 4, and of who has none */
    uint16_t source_port;      /* of the listener; 0 before version 4 */
    uint16_t source_packet_id;
    uint8_t qos;
    bool retain;
    bool lost_properties; /* there were some, which MQTT does not allow */
} wax_import_message;

/* A session. */
typedef struct wax_import_client {
    wax_bytes client_id;
    wax_bytes username;        /* empty before version 6, and of who has none */
    int64_t expires_s;         /* seconds since 1970; 0: not running, or never */
    uint32_t session_expiry_s; /* UINT32_MAX: never, which all have before version 5 */
    uint16_t last_packet_id;
    uint16_t listener_port; /* 0 before version 6 */
    bool is_owner_known;    /* that `username` is whose it is; never before version 6 */
} wax_import_client;

typedef struct wax_import_subscription {
    wax_bytes client_id;
    wax_subscription subscription;
    uint32_t identifier; /* 0: none */
} wax_import_subscription;

/* How far the exchange of a message with a client has come; Mosquitto's numbers. */
typedef enum wax_import_state {
    WAX_IMPORT_WAIT_FOR_PUBACK = 3,
    WAX_IMPORT_WAIT_FOR_PUBREC = 5,
    WAX_IMPORT_RESEND_PUBREL = 6,
    WAX_IMPORT_WAIT_FOR_PUBREL = 7,
    WAX_IMPORT_WAIT_FOR_PUBCOMP = 9,
    WAX_IMPORT_WAITING = 11, /* nothing was sent yet */
} wax_import_state;

/* A message of one session. */
typedef struct wax_import_queued {
    wax_bytes client_id;
    wax_bytes properties; /* encoded; of this client's copy alone, as the Subscription Identifier */
    const wax_import_message *message; /* set by wax_import_gather() */
    uint64_t store_id;
    uint16_t packet_id; /* 0 while it waits */
    uint8_t qos;
    uint8_t state;    /* of wax_import_state, or another number up to 255 */
    bool is_incoming; /* the client sent it, at QoS 2, and has not released it yet */
    bool retain;
    bool duplicate;
    bool lost_properties;
} wax_import_queued;

typedef struct wax_import_record {
    wax_import_kind kind;
    union {
        wax_import_config config;
        wax_import_message message;
        wax_import_client client;
        wax_import_subscription subscription;
        wax_import_queued queued;
        uint64_t retained_store_id;
    };
} wax_import_record;

/* Why reading ended early. */
typedef struct wax_import_fault {
    const char *text; /* constant; NULL: there is none */
    size_t offset;    /* where in the file, in bytes: the front of the chunk at fault */
} wax_import_fault;

typedef struct wax_import {
    wax_reader in;
    const uint8_t *start;
    uint32_t version;
    size_t skipped_count; /* chunks of a kind that is not known */
    bool is_big_endian;   /* the host that wrote it; the first chunk shows it */
    bool has_spilled;     /* the last client's user name was none */
    wax_bytes last_username;
    wax_import_fault fault;
} wax_import;

/* Begins at the front of a file. Returns WAX_OK; otherwise `fault` says why: WAX_INVALID when this
 * is no such file, WAX_UNSUPPORTED_VERSION when `version` is none of 3 to 6, WAX_MALFORMED when it
 * is too short. */
wax_status wax_import_open(wax_import *import, wax_bytes file) WAX_CHECKED;

/* Takes the next record. Returns WAX_OK; WAX_NOT_FOUND at the end; WAX_MALFORMED, now and from now
 * on, where the file is cut off or damaged: `fault` says what and where, and the records before are
 * good. */
wax_status wax_import_next(wax_import *import, wax_import_record *record) WAX_CHECKED;

/* --- All of them, put together --- */

typedef struct wax_import_session {
    wax_import_client client;
    const wax_import_subscription *subscriptions;
    const wax_import_queued *queued; /* what the client is still to get, in its order */
    size_t subscription_count;
    size_t queued_count;
} wax_import_session;

typedef struct wax_import_contents {
    uint32_t version;
    wax_import_config config;
    wax_import_fault fault;
    const wax_import_message **retained; /* as they stand in the file */
    wax_import_session *sessions;        /* by client id */
    size_t retained_count;
    size_t session_count;
    size_t subscription_count;
    size_t queued_count;

    /* What is left out, and why. */
    size_t incoming_count;        /* QoS 2 messages that their senders have not released yet */
    size_t received_count;        /* QoS 2 messages that the client has: only the end is missing */
    size_t homeless_count;        /* subscriptions and messages of clients that are not there */
    size_t missing_count;         /* references to messages that are not there */
    size_t lost_properties_count; /* messages whose properties MQTT does not allow */
    size_t skipped_count;         /* chunks of a kind that is not known */

    /* All messages by store id, and the memory of the above. */
    wax_import_message *messages;
    wax_import_subscription *subscriptions;
    wax_import_queued *queued;
    size_t message_count;
    size_t rooms[5]; /* how many of each were counted: messages, retained, sessions, ... */
} wax_import_contents;

/* Reads a whole file, with memory for what it holds: some 100 bytes per record. Returns WAX_OK; as
 * wax_import_open(), with nothing to discard; WAX_FULL without memory, nothing to discard either;
 * WAX_MALFORMED with a `version` that is not 0 when the file is cut off or damaged further on: the
 * contents are then what stands before, and `fault` says where it ends. */
wax_status wax_import_gather(wax_import_contents *contents, wax_bytes file,
                             wax_memory *memory) WAX_CHECKED;

/* Gives the memory back. Also for contents that are all zero. */
void wax_import_discard(wax_import_contents *contents, wax_memory *memory);

/* How many seconds something that expires at `expires_s` still has when the wall clock says
 * `now_s`; 0: it is over; UINT32_MAX: no end, as with `expires_s` 0. */
uint32_t wax_import_seconds_left(int64_t expires_s, int64_t now_s);

WAX_C_END

#endif
