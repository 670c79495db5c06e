/* seal: messages that only those open whom they are for, in envelopes that any broker carries. The
 * bytes are those of docs/format.md, whose sections stand in brackets. Nothing here needs a clock
 * or randomness. A device links what it names: one suite, and of the rest what it calls. */
#ifndef WAX_SEAL_H
#define WAX_SEAL_H

#include "crypto/crypto.h"
#include "seal/fields.h"
#include "seal/look.h"

WAX_C_BEGIN

/* ---- Suites [2] ---- */

#define WAX_SECRET_SIZE    32 /* of an epoch, a class, a sender */
#define WAX_HEDGE_SIZE     8
#define WAX_SEAL_GROUP_ID  8
#define WAX_DERIVED_MAX    32
#define WAX_LABEL_SIZE_MAX 16
#define WAX_CONTEXT_MAX    64

/* Room for a hedge's key once it is prepared: HMAC-SHA-256 takes all of it, Ascon 40. A device
 * whose only suite is Ascon may be built, program and library, with -DWAX_HEDGE_KEY_SIZE=40; the
 * other suites' senders do not start then. */
#ifndef WAX_HEDGE_KEY_SIZE
#define WAX_HEDGE_KEY_SIZE 64
#endif

typedef struct wax_suite wax_suite;
typedef struct wax_blinder wax_blinder;

/* How something is sealed: under a key of the suite's size, bound to `associated`, which does not
 * travel with it. `number` begins the nonce; the hedge is the rest of it. */
typedef struct wax_box {
    const wax_suite *suite;
    const uint8_t *key;
    wax_bytes associated;
    uint32_t number;
    uint8_t tag_size; /* 16, or 8 where the suite has it */
} wax_box;

/* What computes. The program names those that it wants: a device one, a host the three below. */
struct wax_suite {
    uint8_t number; /* as it stands in what is derived and associated */
    uint8_t key_size;
    uint8_t tag_size_min;
    wax_status (*derive)(const uint8_t *secret, wax_bytes info, uint8_t *result, size_t size);
    /* What of the hash does not differ between messages is computed once, in place: `key` has
     * WAX_HEDGE_KEY_SIZE bytes, of which the first WAX_SECRET_SIZE are the key; secret before and
     * behind. */
    wax_status (*prepare)(uint8_t *key);
    wax_status (*hash)(const uint8_t *key, const wax_bytes *parts, size_t count, uint8_t *hash);
    wax_status (*seal)(const wax_box *box, const uint8_t *hedge, wax_bytes plain, uint8_t *sealed);
    wax_status (*open)(const wax_box *box, const uint8_t *hedge, wax_bytes sealed, uint8_t *plain);
};

extern const wax_suite wax_suite_chacha; /* 1: ChaCha20-Poly1305 and HMAC-SHA-256 */
extern const wax_suite wax_suite_ascon;  /* 2: Ascon-AEAD128 and Ascon-CXOF128 */
extern const wax_suite wax_suite_ccm;    /* 3: AES-128-CCM and HMAC-SHA-256 */

/* What a secret of WAX_SECRET_SIZE is derived for: `label` has at most WAX_LABEL_SIZE_MAX bytes,
 * `context` at most WAX_CONTEXT_MAX. */
typedef struct wax_derivation {
    const wax_suite *suite;
    const uint8_t *secret;
    wax_bytes label;
    wax_bytes context;
} wax_derivation;

/* Derives `size` bytes, at most WAX_DERIVED_MAX; `result` may be the secret itself. [2]
 * Returns WAX_OK; WAX_INVALID for a label, a context or a size out of range; WAX_UNSPECIFIED_ERROR
 * when the library fails. `result` is all zero unless WAX_OK. */
wax_status wax_derive(const wax_derivation *what, uint8_t *result, size_t size) WAX_CHECKED;

/* Seals in place. `room` has WAX_HEDGE_SIZE bytes for the hedge, then `size` bytes of text, then as
 * many for the tag as `box` says. The hedge is computed under `hedge_key`, which the suite has
 * prepared, over all that is sealed and over `extra`, which may be empty: whatever the caller knows
 * that differs from time to time. Equal texts under an equal number give equal bytes; others never
 * share a nonce, but by a chance of 2^-64. [2] Returns WAX_OK; WAX_INVALID for a tag that the suite
 * has not, or for more than it takes at once; WAX_UNSPECIFIED_ERROR when the library fails. The
 * text is all zero unless WAX_OK. */
wax_status wax_box_seal(const wax_box *box, const uint8_t *hedge_key, wax_bytes extra,
                        uint8_t *room, size_t size) WAX_CHECKED;

/* Opens in place what wax_box_seal() made: `room` is the hedge, the text and the tag; `plain` views
 * the text in it.
 * Returns WAX_OK; WAX_UNTRUSTED for what was not sealed so, too short or with another tag;
 * WAX_UNSPECIFIED_ERROR when the library fails. The text is all zero unless WAX_OK. */
wax_status wax_box_open(const wax_box *box, uint8_t *room, size_t size,
                        wax_bytes *plain) WAX_CHECKED;

/* ---- Groups [1] ---- */

#define WAX_SENDER_MAX    0xffffffU
#define WAX_POSITION_MAX  0xfffffffU
#define WAX_WINDOW_SIZE   4096U
#define WAX_SEAL_TOPIC    65535U
#define WAX_SEAL_TEXT_MAX 0xffffffU

typedef enum wax_seal_class {
    WAX_CLASS_STATE,  /* each topic has one latest value */
    WAX_CLASS_STREAM, /* each message counts */
} wax_seal_class;

/* A group: whatever is in here is agreed upon beforehand and never travels with a message. */
typedef struct wax_seal_group {
    const wax_suite *suite;
    uint8_t id[WAX_SEAL_GROUP_ID];
    wax_seal_class group_class;
    uint8_t tag_size;         /* 16, or 8 in suites 2 and 3 */
    const wax_bytes *filters; /* the topics that belong to it */
    size_t filter_count;
} wax_seal_group;

/* The group that a topic belongs to: of those with a filter that matches, the one whose filter has
 * most levels in front of its first wildcard; between equals, the one with the lower id. NULL when
 * the topic belongs to none: what is on it is not sealed. [1] */
const wax_seal_group *wax_seal_group_of(const wax_seal_group *groups, size_t count,
                                        wax_bytes topic);

/* Room where sealing and opening put together what a message is bound to, of WAX_SEAL_ROOM_SIZE for
 * the longest topic. One room may serve all that one thread seals and opens. */
typedef struct wax_seal_room {
    uint8_t *data;
    size_t size;
} wax_seal_room;
#define WAX_SEAL_ROOM_SIZE(topic_size) (34U + (topic_size))

/* ---- Keys [3] ---- */

/* The secret from which a sender starts an epoch, from the epoch's secret: for members that read
 * and write.
 * Returns WAX_OK, or WAX_UNSPECIFIED_ERROR when the library fails. `result` is all zero unless
 * WAX_OK. */
wax_status wax_seal_sender_secret(const wax_seal_group *group, uint32_t epoch,
                                  const uint8_t epoch_secret[WAX_AT_LEAST(WAX_SECRET_SIZE)],
                                  uint32_t sender,
                                  uint8_t result[WAX_AT_LEAST(WAX_SECRET_SIZE)]) WAX_CHECKED;

/* Likewise the class's secret, with which a newcomer opens what is retained. */
wax_status wax_seal_class_secret(const wax_seal_group *group, uint32_t epoch,
                                 const uint8_t epoch_secret[WAX_AT_LEAST(WAX_SECRET_SIZE)],
                                 uint8_t result[WAX_AT_LEAST(WAX_SECRET_SIZE)]) WAX_CHECKED;

/* ---- Sealing [3] [5] ---- */

/* What a sender writes down, one for each group: the newest window that it may have used. */
typedef struct wax_seal_window {
    uint32_t epoch;
    uint32_t sender;
    uint16_t window;
    uint8_t secret[WAX_SECRET_SIZE]; /* the sender's secret of this window */
} wax_seal_window;

/* Where a sender writes its window down. When either fails, nothing is sealed. */
typedef struct wax_seal_store wax_seal_store;
struct wax_seal_store {
    /* Returns WAX_OK, WAX_NOT_FOUND when nothing was ever saved for the group, or why it fails. */
    wax_status (*load)(wax_seal_store *self, const uint8_t *group_id, wax_seal_window *window);
    /* Returns WAX_OK when it outlives a loss of power, and what was saved before is overwritten. */
    wax_status (*save)(wax_seal_store *self, const uint8_t *group_id,
                       const wax_seal_window *window);
};

/* A sender in one group and epoch. `group`, `store`, `sender` and `room` are set by the caller,
 * the rest is zero before the first start; nothing else is for writing. */
typedef struct wax_sealer {
    const wax_seal_group *group;
    wax_seal_store *store;
    wax_seal_room room;
    uint32_t sender; /* 1 to WAX_SENDER_MAX */
    uint32_t epoch;
    uint16_t window;
    uint16_t place; /* the next one in the window */
    bool is_started;
    bool has_will; /* the window's last place is taken */
    uint8_t secret[WAX_SECRET_SIZE];
    uint8_t key[WAX_DERIVED_MAX];
    uint8_t hedge_key[WAX_HEDGE_KEY_SIZE]; /* prepared */
} wax_sealer;

/* What a sender was given for an epoch. */
typedef struct wax_seal_grant {
    uint32_t epoch;        /* from 1 upwards */
    const uint8_t *secret; /* the sender's at the epoch's start; wipe it behind the call */
    uint16_t first_window; /* nothing below it is used */
} wax_seal_grant;

/* Starts a sender, at every start of the program and for every new epoch: with a window that was
 * never used, which is written down first. While it returns anything but WAX_OK, nothing is sealed.
 * Returns WAX_OK; WAX_INVALID for a group, a sender or an epoch out of range, or an epoch older
 * than the one that was written down; WAX_FULL when the epoch has no window left; what the store
 * returned; WAX_UNSPECIFIED_ERROR when the library fails. */
wax_status wax_sealer_start(wax_sealer *self, const wax_seal_grant *grant) WAX_CHECKED;
/* Wipes the secrets; what the caller set stays. */
void wax_sealer_end(wax_sealer *self);

/* How a text grows so that its size tells less. */
typedef enum wax_padding_kind {
    WAX_PAD_NONE,
    WAX_PAD_MULTIPLE, /* to a multiple of sizes[0] */
    WAX_PAD_PADME,    /* by 12 % at most, and sizes of so many bits in one */
    WAX_PAD_BUCKETS,  /* to the next of `sizes`, ascending; above the last not at all */
} wax_padding_kind;

typedef struct wax_padding {
    wax_padding_kind kind;
    const uint32_t *sizes; /* none of them is 0 */
    size_t count;
} wax_padding;

/* Who signs: in software wax_signer_p256, or whatever holds the key. */
typedef struct wax_signer wax_signer;
struct wax_signer {
    /* Signs `count` parts, taken as one, with ES256. Returns WAX_OK, or why it cannot. */
    wax_status (*sign)(const wax_signer *self, const wax_bytes *parts, size_t count,
                       uint8_t *signature);
    const uint8_t *secret; /* of WAX_P256_SECRET_SIZE, for wax_signer_p256_sign() */
};

/* The `sign` of a signer that holds its secret key itself. */
wax_status wax_signer_p256_sign(const wax_signer *self, const wax_bytes *parts, size_t count,
                                uint8_t *signature) WAX_CHECKED;

/* A message as it is to be sealed. */
typedef struct wax_seal_message {
    wax_bytes topic; /* as the broker has it: blinded, if it is; not mapped by a bridge */

    wax_bytes fields;           /* as wax_field_write() writes them; at most 65,535 bytes */
    wax_bytes extra;            /* for the hedge; may be empty */
    const wax_padding *padding; /* NULL: none */
    const wax_signer *signer;   /* NULL: not signed */
    bool retain;                /* RETAIN is asked for */
} wax_seal_message;

/* The caller's buffer: the payload stands somewhere in it, with room in front and behind. */
typedef struct wax_seal_buffer {
    uint8_t *data;
    size_t size;
    size_t payload_at;
    size_t payload_size;
} wax_seal_buffer;

/* Room in front of a payload without fields. */
#define WAX_SEAL_HEAD_MAX 19U
/* How much room is wanted at most in front of the payload, and exactly behind it. */
size_t wax_seal_head_size(const wax_seal_message *message);
size_t wax_seal_tail_size(const wax_seal_group *group, const wax_seal_message *message,
                          size_t payload_size);

/* The exact size of the envelope that wax_sealer_seal() would make of the message now. */
size_t wax_sealer_envelope_size(const wax_sealer *self, const wax_seal_message *message,
                                size_t payload_size);

/* Seals a message in place: `envelope` views it in the buffer. [5]
 * Returns WAX_OK; WAX_INVALID before a start, or for sizes out of range; WAX_FULL when the buffer
 * or `room` is too small, or the epoch has no window left; what the store or the signer returned;
 * WAX_UNSPECIFIED_ERROR when the library fails. Unless WAX_OK nothing may be sent: the payload is
 * as it was or wiped. */
wax_status wax_sealer_seal(wax_sealer *self, const wax_seal_message *message,
                           const wax_seal_buffer *buffer, wax_bytes *envelope) WAX_CHECKED;

/* Seals a Will, in a group of class state, with the last place of the window; a second one in a
 * window begins the next. To be called at each CONNECT, before anything else is sealed for the
 * connection. As wax_sealer_seal(), and WAX_INVALID in a group of class stream. [5] */
wax_status wax_sealer_seal_will(wax_sealer *self, const wax_seal_message *message,
                                const wax_seal_buffer *buffer, wax_bytes *envelope) WAX_CHECKED;

/* ---- Opening [5] ---- */

/* What was wrong, or worth telling. The first seven are counted in a device's status. [9] */
typedef enum wax_seal_event {
    WAX_SEAL_FINE = 0,
    WAX_SEAL_REPLAY = 1,        /* came already, or below what is remembered */
    WAX_SEAL_GAP = 2,           /* delivered; messages in front of it did not come */
    WAX_SEAL_ROLLBACK = 3,      /* older than what the topic had, or than the floor */
    WAX_SEAL_NOT_OPENED = 4,    /* the tag is wrong */
    WAX_SEAL_UNSEALED = 5,      /* it is no envelope */
    WAX_SEAL_OLD_EPOCH = 6,     /* no key for it: of an epoch that is gone, or not known yet */
    WAX_SEAL_BAD_SIGNATURE = 7, /* or none where one is due, or nobody who could judge it */
    WAX_SEAL_UNKNOWN_SENDER = 8,
    WAX_SEAL_EXPIRED = 9,
    WAX_SEAL_WRONG_BOOT = 10, /* for another start of the receiver, or for another receiver */
    WAX_SEAL_BAD_FORM = 11,   /* an envelope or a text that no sender makes */
    WAX_SEAL_TOO_FAR = 12,    /* more windows ahead than `step_max` */
    WAX_SEAL_AGAIN = 13,      /* the topic's latest once more */
    WAX_SEAL_TOO_LARGE = 14,  /* chunks that `room` does not hold */
} wax_seal_event;

/* Says it in plain English. */
const char *wax_seal_event_text(wax_seal_event event);

typedef enum wax_epoch_what {
    WAX_EPOCH_SECRET = 0,
    WAX_EPOCH_SENDER = 1, /* of the own number; opens what it sealed itself */
    WAX_EPOCH_CLASS = 2,  /* in groups of class state */
} wax_epoch_what;

typedef struct wax_epoch_key {
    uint32_t epoch;
    wax_epoch_what what;
    const uint8_t *secret;
} wax_epoch_key;

/* Senders from first to last may write. */
typedef struct wax_sender_range {
    uint32_t first;
    uint32_t last;
} wax_sender_range;

/* A sender that signs, and its key of WAX_P256_PUBLIC_SIZE. */
typedef struct wax_sender_key {
    uint32_t sender;
    const uint8_t *public_key;
} wax_sender_key;

/* Nothing below is believed of this sender by who has nothing newer of the topic. */
typedef struct wax_sender_floor {
    uint32_t sender;
    uint32_t epoch;
    uint32_t position;
} wax_sender_floor;

/* What both of the following tables have; all zero is an empty place. */
typedef struct wax_record {
    uint64_t hash;
    uint32_t sender;
    uint32_t used;
} wax_record;

/* What is remembered of a sender. */
typedef struct wax_sender_record {
    wax_record record;
    uint32_t epoch;
    uint32_t position; /* the highest that came */
    uint64_t came;     /* bit n: position - 1 - n came */
    uint8_t secret[WAX_SECRET_SIZE];
    uint8_t secret_before[WAX_SECRET_SIZE]; /* of the window before, for what comes late */
    uint8_t key[WAX_DERIVED_MAX];
} wax_sender_record;

/* The latest of a topic by a sender, in class state. */
typedef struct wax_topic_record {
    wax_record record;
    uint32_t epoch;
    uint32_t position;
} wax_topic_record;

/* Who opens what is sealed in a group. The caller sets all of it, and may change it between two
 * calls; tables belong to the caller and stay where they are.
 *
 * `senders` and `topics` are finite: a newcomer takes an empty place, or the one that was used
 * longest ago: of all among senders, of WAX_RECORD_PROBES among topics. What was forgotten so may
 * be replayed once, as far as `epochs` and floors allow it: give as many places as there are
 * senders, and twice as many as topics and their senders. They hold secrets. In class stream `keep`
 * and wax_opener_recall() bring over a restart what came. */
typedef struct wax_opener {
    const wax_seal_group *group;
    wax_seal_room room;
    const wax_epoch_key *epochs; /* ascending */
    size_t epoch_count;
    uint32_t epochs_kept;           /* W: how many of them, from the newest, are believed */
    uint32_t own_sender;            /* whose WAX_EPOCH_SENDER is; 0: nobody's */
    const wax_sender_range *ranges; /* none: nobody may write */
    size_t range_count;
    const wax_sender_key *keys;
    size_t key_count;
    /* Verifies ES256 over parts, taken as one: wax_verify_p256(), or NULL where nobody signs. */
    wax_status (*verify)(const uint8_t *public_key, const wax_bytes *parts, size_t count,
                         const uint8_t *signature);
    const wax_sender_floor *floors;
    size_t floor_count;
    wax_sender_record *senders; /* class stream wants at least one; class state is faster so */
    size_t sender_count;
    wax_topic_record *topics; /* class state: none, and only floors and epochs speak against age */
    size_t topic_count;
    uint64_t hash_key[2];      /* random; places in `topics` depend on it */
    const uint8_t *boot_nonce; /* the one told last, or NULL */
    uint32_t step_max; /* windows that a message, forged or not, may make it step; 0: 65,535 */
    uint32_t clock;    /* what `used` counts; zero at first */
    /* Class stream: writes down what will be remembered of a sender once a message of it is shown,
     * before it is. Returns WAX_OK when that outlives a loss of power; else the message is neither
     * shown nor remembered. NULL: what came is forgotten at a restart. */
    wax_status (*keep)(void *keeper, const wax_sender_record *record);
    void *keeper;
    /* Where topics are blinded: wax_blind_is_of(), and with what; else both NULL. */
    bool (*is_name)(const wax_blinder *blinder, wax_bytes blinded, wax_bytes topic,
                    wax_seal_room room);
    const wax_blinder *blinder;
} wax_opener;

#define WAX_RECORD_PROBES 16U
/* The usual `verify`. */
wax_status wax_verify_p256(const uint8_t *public_key, const wax_bytes *parts, size_t count,
                           const uint8_t *signature) WAX_CHECKED;

/* What came: the caller's own bytes, which opening overwrites. */
typedef struct wax_seal_arrival {
    wax_bytes topic; /* as the broker has it */
    uint8_t *envelope;
    size_t size;
    uint64_t now_ms; /* milliseconds since 1970, or 0 where there is no clock */
} wax_seal_arrival;

/* What was opened; all views are inside of the envelope. */
typedef struct wax_opened {
    wax_seal_event event;
    wax_bytes payload;
    wax_bytes fields; /* for wax_field_next() */
    wax_bytes name;   /* the topic before it was blinded; empty where it was not */
    uint32_t sender;  /* of what was refused: as the envelope claims */
    uint32_t epoch;
    uint32_t position;
    uint32_t gap; /* how many positions in front of it have not come, as far as can be known */
    bool is_signed;
    bool retain;   /* the sender asked for RETAIN */
    bool is_first; /* nothing was remembered of this sender, or in class state of this topic */
    bool is_again; /* the topic's latest once more: not to be taken as new */
} wax_opened;

/* The kind of an envelope that begins so, 0 to 7; -1 for what is none. [4] */
int wax_seal_kind(wax_bytes bytes);

/* Opens a message, kind 0 or 1. [5]
 * Returns WAX_OK, with event FINE, GAP or AGAIN; WAX_UNTRUSTED when it is refused: `event` says
 * why, nothing is remembered of it, and nothing is left of the text; WAX_INVALID for a group or
 * tables that are none; WAX_FULL when `room` is too small for the topic; WAX_UNSPECIFIED_ERROR when
 * the library fails; what `keep` returned, and nothing is left of the text then either. */
wax_status wax_opener_open(wax_opener *self, const wax_seal_arrival *arrival,
                           wax_opened *opened) WAX_CHECKED;

/* Takes up again what `keep` wrote down: of `record` its sender, epoch, position, and what came;
 * its keys are derived anew. To be called at a start, before anything is opened. */
void wax_opener_recall(wax_opener *self, const wax_sender_record *record);

/* ---- Streams [6] ---- */

#define WAX_CHUNK_SIZE_MIN  64U
#define WAX_CHUNK_SIZE_MAX  0x100000U
#define WAX_STREAM_HEAD_MAX 18U
#define WAX_CHUNK_INDEX_MAX 0x7fffffffU
/* With the hedge in front and the tag behind. */
#define WAX_CHUNK_ROOM(chunk_size) (24U + (chunk_size))

/* One stream as it is sealed. Nothing is for writing. */
typedef struct wax_stream_sealer {
    const wax_sealer *sealer; /* for its group, number and room alone */
    wax_bytes topic;          /* must stay */
    uint32_t epoch;
    uint32_t position;
    uint32_t chunk_size;
    uint32_t index; /* of the next chunk */
    uint8_t key[WAX_DERIVED_MAX];
    uint8_t hedge_key[WAX_HEDGE_KEY_SIZE]; /* prepared */
} wax_stream_sealer;

/* Starts a stream, which takes one position of the sender.
 * Returns as wax_sealer_seal(); WAX_INVALID also for a size of chunks out of range. Unless WAX_OK
 * there is no stream. */
wax_status wax_stream_sealer_start(wax_stream_sealer *self, wax_sealer *sealer, wax_bytes topic,
                                   uint32_t chunk_size) WAX_CHECKED;

/* Writes what a stream begins with, flags and fields, which are the first bytes of the first
 * chunk and must all be in it. */
void wax_stream_write_front(wax_writer *out, wax_bytes fields, bool retain);

/* Writes the head of a message that begins with the next chunk, at most WAX_STREAM_HEAD_MAX bytes;
 * `has_end` says that the stream's last chunk is in this message. */
void wax_stream_write_head(const wax_stream_sealer *self, wax_writer *out, bool has_end);

/* Seals the next chunk in place: `room` has WAX_HEDGE_SIZE bytes, then `size` of the stream, then
 * the tag's. All chunks but the last have the size that the stream was started with.
 * Returns WAX_OK, and `room` is to be sent behind the head or the chunk before; WAX_INVALID for a
 * size that the chunk may not have; WAX_FULL when `sealer->room` is too small or the stream has too
 * many chunks; WAX_UNSPECIFIED_ERROR when the library fails. */
wax_status wax_stream_sealer_seal(wax_stream_sealer *self, uint8_t *room, size_t size,
                                  bool is_last) WAX_CHECKED;

/* Goes on with another chunk; one that is wanted again must be what it was. */
void wax_stream_sealer_seek(wax_stream_sealer *self, uint32_t index);

/* Wipes the keys. */
void wax_stream_sealer_end(wax_stream_sealer *self);

/* An opened chunk. */
typedef struct wax_chunk {
    wax_seal_event event;
    wax_bytes data;   /* views the opener's chunk room; good until the next push */
    wax_bytes fields; /* of the first chunk */
    uint32_t index;
    uint32_t missing; /* with GAP: how many in front of it did not come */
    bool retain;      /* of the first chunk */
    bool is_last;     /* the stream ends with it */
} wax_chunk;

/* One stream as it is opened. The caller sets `opener` and room for a chunk, as WAX_CHUNK_ROOM()
 * has it; the rest is zero at first and for reading alone. */
typedef struct wax_stream_opener {
    wax_opener *opener;
    uint8_t *room;
    size_t room_size;
    uint32_t sender; /* 0 between streams */
    uint32_t epoch;
    uint32_t position;
    uint32_t chunk_size;
    uint32_t next;     /* the index that is due */
    uint64_t promised; /* how much the stream is said to be; 0 when nothing was said */
    bool is_whole;     /* what comes of it once more is passed over */
    uint8_t key[WAX_DERIVED_MAX];
    wax_bytes topic;
    uint64_t now_ms;
    size_t left;   /* bytes of the message that have not come */
    size_t filled; /* bytes in `room` */
    uint32_t index;
    uint8_t head[WAX_STREAM_HEAD_MAX];
    uint8_t head_size; /* 0 while it is not whole */
    bool has_end;      /* the message's last chunk is the stream's */
    bool is_refused;   /* what is left of the message is passed over */
    wax_seal_event event;
} wax_stream_opener;

/* Begins a message of so many bytes; `topic` must stay until its end. A message that was not whole
 * is forgotten, what was opened of it holds. */
void wax_stream_opener_begin(wax_stream_opener *self, wax_bytes topic, size_t message_size,
                             uint64_t now_ms);

/* Takes bytes of the message, up to the end of a chunk; call it again while `bytes` is not empty.
 * Returns WAX_OK with a chunk; WAX_MORE when more bytes are needed, the message has ended, or what
 * came was known already; WAX_UNTRUSTED when the rest of the message is passed over: `chunk->event`
 * says why, with GAP the sender is to go on from `next`; WAX_CROWDED for a message of another
 * stream before the end of this one, which is passed over: give it to another opener, or end this
 * one; WAX_INVALID for more bytes than the message has; WAX_FULL and WAX_UNSPECIFIED_ERROR as
 * wax_opener_open(). A stream is there when its chunk with `is_last` is: until then do nothing that
 * cannot be undone. */
wax_status wax_stream_opener_push(wax_stream_opener *self, wax_bytes *bytes,
                                  wax_chunk *chunk) WAX_CHECKED;

/* Where a stream goes on. */
typedef struct wax_stream_place {
    uint32_t sender;
    uint32_t epoch;
    uint32_t position;
    uint32_t chunk_size;
    uint32_t next;
} wax_stream_place;

/* Goes on after a restart, with what the opener's fields of these names told before.
 * Returns WAX_OK; WAX_NOT_FOUND when there is no key of that epoch; WAX_INVALID for numbers that no
 * stream has; WAX_UNSPECIFIED_ERROR when the library fails. */
wax_status wax_stream_opener_resume(wax_stream_opener *self,
                                    const wax_stream_place *place) WAX_CHECKED;

/* Forgets the stream and wipes the key; what the caller set stays. */
void wax_stream_opener_end(wax_stream_opener *self);

/* ---- Blinded topics [7] ---- */

/* What tokens are made of. The caller sets all of it. */
struct wax_blinder {
    /* The first 9 bytes of X: wax_blind_hmac() or wax_blind_ascon(). */
    wax_status (*hash)(const wax_blinder *self, wax_bytes where, wax_bytes level, uint8_t *result);
    const uint8_t *key;        /* of WAX_SECRET_SIZE */
    uint8_t variant;           /* 1: wildcards anywhere; 2: only where a pattern has them */
    const wax_bytes *patterns; /* of variant 2: valid filters */
    size_t pattern_count;
    wax_bytes prefix;   /* the authority's; it and what is below it is not blinded */
    wax_seal_room room; /* of variant 2: three times the size of the longest topic or filter */
};

/* The hashes 1 and 2 of a blinder. */
wax_status wax_blind_hmac(const wax_blinder *self, wax_bytes where, wax_bytes level,
                          uint8_t *result) WAX_CHECKED;
wax_status wax_blind_ascon(const wax_blinder *self, wax_bytes where, wax_bytes level,
                           uint8_t *result) WAX_CHECKED;

/* Appends a topic, or a filter with $share/NAME/ if it has it, as the broker is to see it.
 * Returns WAX_OK; WAX_BAD_FILTER for a wildcard where variant 2 has none, or what $share/ follows
 * that is no filter; WAX_FULL when `out` or `room` is too small; WAX_INVALID for more than
 * 65,535 bytes; WAX_UNSPECIFIED_ERROR when the library fails. Unless WAX_OK nothing was appended.
 */
wax_status wax_blind_topic(const wax_blinder *self, wax_bytes topic, wax_writer *out) WAX_CHECKED;
wax_status wax_blind_filter(const wax_blinder *self, wax_bytes filter, wax_writer *out) WAX_CHECKED;

/* Whether `topic` is what the broker sees as `blinded`: who has a list of topics finds the one so.
 * `room` takes the tokens, of as many bytes as `blinded` has; where it is too small, or the library
 * fails, the answer is no. */
bool wax_blind_is_of(const wax_blinder *self, wax_bytes blinded, wax_bytes topic,
                     wax_seal_room room);

WAX_C_END

#endif
