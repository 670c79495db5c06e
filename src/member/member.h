/* member: a device in a namespace. It holds what its mailbox gave it, seals what it sends and opens
 * what it gets, and knows by the topic which keys are meant. docs/format.md says the bytes; numbers
 * in brackets are its sections.
 *
 * The first half transforms messages and speaks to nobody: it works with any MQTT client. The
 * second half does the talking as well, with a wax_client: it asks for the mailbox, keeps back what
 * came before its keys, and tells the authority how it goes. Memory is the caller's, in one block.
 */
#ifndef WAX_MEMBER_H
#define WAX_MEMBER_H

#include "client/client.h"
#include "keys/keys.h"
#include "seal/seal.h"

WAX_C_BEGIN

/* ---- What outlives a restart ---- */

typedef enum wax_member_record {
    WAX_MEMBER_MARK,    /* which mailbox was the last: 12 bytes */
    WAX_MEMBER_MAILBOX, /* the last mailbox as it came, sealed for this device */
    WAX_MEMBER_COUNT,   /* of statuses: 8 bytes */
    WAX_MEMBER_WINDOW,  /* one for each group: WAX_MEMBER_WINDOW_SIZE bytes, secret */
    WAX_MEMBER_CAME,    /* one for each group that is read, of class stream: how far its senders
                           came, at most WAX_MEMBER_CAME_SIZE() bytes */
} wax_member_record;

#define WAX_MEMBER_WINDOW_SIZE             42U
#define WAX_MEMBER_CAME_SIZE(sender_count) (20U * ((sender_count) + 1U))

/* Where records are kept. `group` is WAX_KEYS_ID_SIZE bytes for those of which each group has one,
 * else NULL. */
typedef struct wax_member_store wax_member_store;
struct wax_member_store {
    /* Gives what was saved last: `*size` is the room, then the record's size. Returns WAX_OK;
     * WAX_NOT_FOUND when nothing ever was; or why it cannot say. */
    wax_status (*load)(wax_member_store *self, wax_member_record record, const uint8_t *group,
                       uint8_t *room, size_t *size);
    /* Returns WAX_OK when it is safe even if the power goes off now; or why it is not. When it goes
     * off meanwhile, the record is what it was, or what it was to be. */
    wax_status (*save)(wax_member_store *self, wax_member_record record, const uint8_t *group,
                       wax_bytes value);
};

/* ---- Who the member is ---- */

/* A hash for blinded topics: wax_blind_hmac() or wax_blind_ascon(). */
typedef wax_status wax_member_blind(const wax_blinder *self, wax_bytes where, wax_bytes level,
                                    uint8_t *result);

/* It stays the caller's and is read as long as the member is used. */
typedef struct wax_member_config {
    wax_bytes device; /* at most WAX_KEYS_NAME_MAX */
    wax_bytes prefix; /* of the authority's topics */
    const uint8_t *name_space;
    const wax_keys_profile *profile;
    const uint8_t *psk;        /* WAX_KEYS_SECRET_SIZE, or NULL with public keys */
    const uint8_t *own_secret; /* of WAX_P256_SECRET_SIZE; also signs messages; may be NULL with a
                                  pre-shared key */
    const uint8_t *keeper;     /* the authority's public key; NULL with a pre-shared key */
    /* The suite with this number, or NULL if this program has none such. */
    const wax_suite *(*suite)(uint32_t number);
    /* The signing that this program links; both NULL: it neither signs nor believes signatures. */
    wax_status (*sign)(const wax_signer *self, const wax_bytes *parts, size_t count,
                       uint8_t *signature);
    wax_status (*verify)(const uint8_t *public_key, const wax_bytes *parts, size_t count,
                         const uint8_t *signature);
    /* The hash for blinded topics with this number [7]; NULL here or there: none. */
    wax_member_blind *(*blind)(uint32_t number);
    /* Fresh bytes that nobody can guess; NULL is fine with a pre-shared key. */
    wax_status (*random)(void *room, size_t size);
    wax_member_store *store;
    wax_bytes firmware;             /* its version, for the status; may be empty */
    const uint8_t *firmware_digest; /* WAX_SHA256_SIZE, or NULL */

    size_t mailbox_size;   /* the largest that is taken */
    size_t message_size;   /* the largest topic, properties and payload together that are opened */
    size_t hold_size;      /* for messages that came before their keys; 0: none is held */
    uint32_t hold_ms;      /* how long they wait for the mailbox; 0: 2 s */
    uint32_t tell_ms;      /* the status is told again after so long; 0: only when it says something
                              new */
    uint16_t group_count;  /* how many groups it can be in */
    uint16_t sender_count; /* senders remembered, for each group; at least 1 */
    uint16_t topic_count;  /* topics remembered, for each group of class state */
    /* What came in class stream is not written down: after a restart, what a broker kept of epochs
     * that are held opens once more. Else a message is shown only when the store has it, which is
     * one `save` for each. */
    bool forgets;
    uint16_t step_max; /* windows that a message, forged or not, may make it step ahead; 0: 4096,
                          which is a sender that started 4096 times in an epoch */
} wax_member_config;

/* How many bytes of memory a member with this configuration wants, aligned as for any type. */
size_t wax_member_memory_size(const wax_member_config *config);

typedef struct wax_member wax_member;

/* Begins: takes up the mailbox that was saved, if there is one. The member lies at the front of
 * `memory`. `boot_nonce`, of WAX_KEYS_ID_SIZE, has never been used before where the machine can
 * tell.
 * Returns WAX_OK, with a mailbox or without; WAX_INVALID for a configuration that is none or too
 * little memory; or what the store returned. */
wax_status wax_member_open(wax_member **member, const wax_member_config *config,
                           const uint8_t boot_nonce[WAX_AT_LEAST(WAX_KEYS_ID_SIZE)],
                           uint8_t *memory, size_t size) WAX_CHECKED;

/* Wipes all secrets. */
void wax_member_close(wax_member *member);

/* ---- Transforming messages ---- */

/* Whether a mailbox was ever taken. */
bool wax_member_has_keys(const wax_member *member);

/* Whether the mailbox in use names this start of the member [8]: the authority wrote it after it
 * had its status, so that no broker can have kept it from before. Until then it may be an old one
 * that a broker gave to a member that lost its mark. */
bool wax_member_is_fresh(const wax_member *member);

/* Writes the topic on which the authority speaks to this member, or it to the authority: `kind` is
 * "k", "s" or "e". [8] [9] */
void wax_member_topic(const wax_member *member, const char *kind, wax_writer *out);

/* Takes a mailbox as it came.
 * Returns WAX_OK, also for the same one again; WAX_FULL for more than the configuration has room
 * for; WAX_INVALID for a suite or a class that this program has not; as wax_keys_mailbox_open()
 * otherwise. Unless WAX_OK the keys are as they were. */
wax_status wax_member_take_mailbox(wax_member *member, wax_bytes message) WAX_CHECKED;

/* Makes of a message what is to be sent: `sealed` views `room`, which also takes the topic, what of
 * the properties may be read by everybody, and the envelope. Properties that nobody else may read
 * go inside. `wall_ms` is the time since 1970, or 0 without a clock.
 * Returns WAX_OK; WAX_NOT_FOUND for a topic of no group: it is not for sending, least of all
 * unsealed; WAX_NOT_AUTHORIZED where the member may only read, or has no key to send with;
 * WAX_FULL when `room` is too small, WAX_MEMBER_ROOM() says how much suffices; or as
 * wax_sealer_seal(). Unless WAX_OK nothing may be sent. */
wax_status wax_member_seal(wax_member *member, const wax_publish *message, uint64_t wall_ms,
                           wax_writer *room, wax_publish *sealed) WAX_CHECKED;

/* As wax_member_seal(), for the Will of a CONNECT: call it before each, and seal nothing for the
 * connection before. WAX_INVALID for a topic of class stream. [5] */
wax_status wax_member_seal_will(wax_member *member, const wax_publish *message, uint64_t wall_ms,
                                wax_writer *room, wax_publish *sealed) WAX_CHECKED;

/* Room that suffices to seal a message. Padding comes to that. */
#define WAX_MEMBER_ROOM(topic_size, properties_size, payload_size)                                 \
    (15U * ((topic_size) + 1U) + 4U * (properties_size) + 2U * (payload_size) + 512U)

/* Writes a filter as the broker is to see it. Statuses as those of wax_blind_filter();
 * WAX_NOT_AUTHORIZED before the first mailbox: nobody knows yet whether the broker may see it. */
wax_status wax_member_filter(const wax_member *member, wax_bytes filter,
                             wax_writer *out) WAX_CHECKED;

typedef enum wax_member_outcome {
    WAX_MEMBER_OPENED,  /* `message` is what the sender meant */
    WAX_MEMBER_CLEAR,   /* of no group, and not sealed: it came as it is */
    WAX_MEMBER_REFUSED, /* `opened.event` says why */
    WAX_MEMBER_EARLY,   /* its keys are missing, and may be in the mailbox that is to come */
} wax_member_outcome;

/* What came of a message. All views die with the next call for this member. */
typedef struct wax_member_arrival {
    wax_member_outcome outcome;
    wax_publish message; /* of REFUSED and EARLY: as it came */
    wax_opened opened;   /* of OPENED and REFUSED */
} wax_member_arrival;

/* Opens a message. Before the first mailbox all are refused, or early. Returns WAX_OK, and
 * `arrival` tells; WAX_TOO_LARGE for more than `message_size`; WAX_IO when the store does not tell
 * what came before, or cannot take that this came: nothing of it may be shown, and it may come
 * again; WAX_UNSPECIFIED_ERROR when the library fails. */
wax_status wax_member_unseal(wax_member *member, const wax_publish *came, uint64_t wall_ms,
                             wax_member_arrival *arrival) WAX_CHECKED;

/* A program that reads in the name of this member, beside others: what came to one of them may
 * still come to the next, so each remembers for itself. */
typedef struct wax_member_reader wax_member_reader;

/* How many senders and topics are remembered for it, for each group. */
typedef struct wax_member_reader_limits {
    uint16_t sender_count; /* at least 1 */
    uint16_t topic_count;
} wax_member_reader_limits;

/* How many bytes of memory a reader wants, aligned as for any type. */
size_t wax_member_reader_size(const wax_member *member, const wax_member_reader_limits *limits);

/* Begins at the front of `memory`, which is all zero and as large as wax_member_reader_size() says.
 * The reader holds secrets: the memory is wiped by whoever gives it up. */
wax_member_reader *wax_member_reader_open(const wax_member *member,
                                          const wax_member_reader_limits *limits, uint8_t *memory);

/* Forgets all that came. */
void wax_member_reader_forget(wax_member_reader *reader);

/* As wax_member_unseal(), for one of several readers of this member; nothing of what came to it is
 * written down. */
wax_status wax_member_unseal_for(wax_member *member, wax_member_reader *reader,
                                 const wax_publish *came, uint64_t wall_ms,
                                 wax_member_arrival *arrival) WAX_CHECKED;

typedef struct wax_member_stream {
    wax_bytes topic;
    uint32_t chunk_size; /* 0: as the group has it */
} wax_member_stream;

/* Starts a stream [6] with the keys of its topic. `room` keeps the topic as the broker is to see
 * it, and the fields that the stream must begin with, as long as it lasts. Returns as
 * wax_stream_sealer_start(); WAX_NOT_FOUND and WAX_NOT_AUTHORIZED as wax_member_seal(), the latter
 * also for a member that signs: its streams are believed by nobody. [5] */
wax_status wax_member_start_stream(wax_member *member, const wax_member_stream *wanted,
                                   wax_writer *room, wax_bytes *fields,
                                   wax_stream_sealer *stream) WAX_CHECKED;

/* What opens messages and streams on this topic, as the broker sees it; NULL if nothing does, or if
 * the store does not tell what came before. Not to be used behind the next mailbox. */
wax_opener *wax_member_opener(wax_member *member, wax_bytes topic);

/* Writes the status that the authority waits for; its count is kept first. [9]
 * Returns as wax_keys_status_seal(), or what the store returned. */
wax_status wax_member_write_status(wax_member *member, wax_writer *out) WAX_CHECKED;

/* How many messages were refused for a reason since the start. */
uint32_t wax_member_refused(const wax_member *member, wax_seal_event event);

/* ---- Talking, with a wax_client ---- */

typedef enum wax_member_event_type {
    WAX_MEMBER_OTHER,   /* `client` is of no concern to sealing */
    WAX_MEMBER_MESSAGE, /* `arrival` */
    WAX_MEMBER_KEYS,    /* the mailbox came: a newer one, or the same again */
    WAX_MEMBER_LATE,    /* no mailbox came in time: what was held is opened with what is there */
    WAX_MEMBER_BAD_MAILBOX, /* `status` says why it was not taken, or may not be had */
    WAX_MEMBER_DROPPED, /* there was no room to hold a message, or the store failed (WAX_IO): the
                           broker sends it again after the next connection if it was of QoS 1 or
                           2; or `status` says why it cannot be opened */
} wax_member_event_type;

typedef struct wax_member_event {
    wax_member_event_type type;
    wax_status status;
    wax_client_event client;
    wax_member_arrival arrival;
} wax_member_event;

/* As wax_client_poll(), in place of it. The client's `acknowledges` and `streams` are false: a
 * message is acknowledged at the poll after it was told. Subscriptions are the application's, by
 * wax_member_subscribe(). */
bool wax_member_poll(wax_member *member, wax_client *client, uint64_t now_ms, uint64_t wall_ms,
                     wax_member_event *event);

/* Whether it has still to ask for its mailbox or to tell its status at this connection: wait for it
 * before disconnecting, so that the authority knows. */
bool wax_member_is_busy(const wax_member *member);

/* When wax_member_poll() has something to do though no byte moves, or WAX_NEVER. */
uint64_t wax_member_deadline_ms(const wax_member *member, const wax_client *client);

/* What wax_member_seal() takes. */
typedef struct wax_member_draft {
    const wax_publish *message;
    uint64_t wall_ms;
    wax_writer *room;
} wax_member_draft;

/* Seals a message and gives it to the client. Statuses as those of wax_member_seal() and
 * wax_client_publish(). A message that the client had no room for has used its position: sealed
 * again it is told as a gap. */
wax_status wax_member_publish(wax_member *member, wax_client *client, const wax_member_draft *draft,
                              uint32_t *token) WAX_CHECKED;

WAX_C_END

#endif
