/* update: new firmware for a device, which it takes of nobody but its vendor. docs/update.md says
 * the bytes for everybody; numbers in brackets are its sections.
 *
 * A signed manifest says what is to run where; the image comes in chunks, in any way the program
 * likes, and each is held against the manifest before it is written. Nothing is ever whole in
 * memory. There are two slots: one runs, the other takes the next image, is tried, and is either
 * confirmed or left again. Power may go at any moment: what is written down is written so that the
 * device boots a whole, verified image and goes on where it was.
 *
 * There is no device without verification: wax_update_open() takes the vendor's key, every other
 * call of a device takes what it made, and no build leaves the signature out. */
#ifndef WAX_UPDATE_H
#define WAX_UPDATE_H

#include "base/base.h"
#include "crypto/crypto.h"

WAX_C_BEGIN

#define WAX_UPDATE_NAME_MAX    64  /* of vendors, classes, groups, devices */
#define WAX_UPDATE_LABEL_MAX   32  /* of a version's name for people */
#define WAX_UPDATE_PREFIX_MAX  96  /* of all topics */
#define WAX_UPDATE_TOPIC_MAX   255 /* of any topic here */
#define WAX_UPDATE_MESSAGE_MAX 448 /* of a signed manifest */
#define WAX_UPDATE_CHUNK_MIN   256U
#define WAX_UPDATE_CHUNK_MAX   65536U
#define WAX_UPDATE_CHUNKS_MAX  65536U
#define WAX_UPDATE_LEVELS_MAX  16 /* of the tree */
#define WAX_UPDATE_PROOF_MAX                                                                       \
    ((size_t)WAX_UPDATE_LEVELS_MAX * WAX_SHA256_SIZE) /* behind a chunk                            \
                                                       */
#define WAX_UPDATE_WRITE_MAX   64U                    /* what flash writes at once at most */
#define WAX_UPDATE_HEAD_SIZE   512U /* of a slot's log: the manifest; marks follow */
#define WAX_UPDATE_STATUS_SIZE 640U /* of a status as text */

/* ---- The manifest [2] ---- */

typedef struct wax_update_manifest {
    wax_bytes vendor;      /* names: 1 to WAX_UPDATE_NAME_MAX bytes, as wax_update_is_name() */
    wax_bytes class_name;  /* of devices on which the image runs */
    uint32_t version;      /* from 1 on; higher is newer */
    uint32_t minimum;      /* what must run to update from; 0: anything */
    uint32_t size;         /* of the image, from 1 on */
    const uint8_t *digest; /* SHA-256 of the image: for people, and for boards that compute it */
    uint32_t chunk_size;   /* WAX_UPDATE_CHUNK_MIN to WAX_UPDATE_CHUNK_MAX, a multiple of 64 */
    const uint8_t *root;   /* of the tree over the chunks */
    wax_bytes label;       /* the version's name for people; empty: it has none */
} wax_update_manifest;

/* Whether a name may stand as one level of a topic: UTF-8 without + # / and control characters. */
bool wax_update_is_name(wax_bytes name);

/* Appends a manifest, signed.
 * Returns WAX_OK; WAX_INVALID for what no device would take, or when `secret` is none; WAX_FULL;
 * WAX_UNSPECIFIED_ERROR. Unless WAX_OK nothing was written. */
wax_status wax_update_manifest_write(wax_writer *out, const wax_update_manifest *manifest,
                                     const uint8_t secret[WAX_AT_LEAST(WAX_P256_SECRET_SIZE)])
    WAX_CHECKED;

/* Reads a manifest that one of `anchor_count` public keys has signed, which stand one behind the
 * other; `manifest` views `message`.
 * Returns WAX_OK; WAX_MALFORMED; WAX_UNTRUSTED; WAX_UNSPECIFIED_ERROR. Unless WAX_OK `manifest` is
 * empty. */
wax_status wax_update_manifest_read(wax_update_manifest *manifest, wax_bytes message,
                                    const uint8_t anchors[WAX_AT_LEAST(WAX_P256_PUBLIC_SIZE)],
                                    size_t anchor_count) WAX_CHECKED;

/* How many chunks there are, and how large one is; only the last is smaller. */
uint32_t wax_update_chunk_count(const wax_update_manifest *manifest);
uint32_t wax_update_chunk_size(const wax_update_manifest *manifest, uint32_t index);

/* ---- The tree over the chunks [3] [RFC 9162, 2.1] ---- */

/* A tree that grows by a chunk at a time, for its root. Begins zeroed. */
typedef struct wax_update_tree {
    uint8_t nodes[WAX_UPDATE_LEVELS_MAX + 1][WAX_SHA256_SIZE];
    uint32_t count; /* of chunks, WAX_UPDATE_CHUNKS_MAX at most */
} wax_update_tree;

/* Adds a chunk; gives the root of one or more. Return WAX_OK or WAX_UNSPECIFIED_ERROR. */
wax_status wax_update_tree_add(wax_update_tree *tree, wax_bytes chunk) WAX_CHECKED;
wax_status wax_update_tree_root(const wax_update_tree *tree,
                                uint8_t root[WAX_AT_LEAST(WAX_SHA256_SIZE)]) WAX_CHECKED;

/* All nodes of a tree, for its proofs: level by level, the chunks' own first. */
typedef struct wax_update_nodes {
    uint8_t (*nodes)[WAX_SHA256_SIZE]; /* wax_update_node_count() */
    uint32_t count;                    /* of chunks */
} wax_update_nodes;

/* How many nodes there are over so many chunks. */
size_t wax_update_node_count(uint32_t chunk_count);

/* Sets the node of a chunk; makes all others when each has been set; appends the proof of a chunk.
 * Return WAX_OK or WAX_UNSPECIFIED_ERROR; the last makes the writer WAX_FULL. */
wax_status wax_update_nodes_set(const wax_update_nodes *tree, uint32_t index,
                                wax_bytes chunk) WAX_CHECKED;
wax_status wax_update_nodes_make(const wax_update_nodes *tree,
                                 uint8_t root[WAX_AT_LEAST(WAX_SHA256_SIZE)]) WAX_CHECKED;
void wax_update_nodes_prove(const wax_update_nodes *tree, uint32_t index, wax_writer *out);

/* Cuts the message of a chunk into the chunk and its proof, and holds them against the manifest.
 * Returns WAX_OK; WAX_MALFORMED when it has another size than this chunk; WAX_UNTRUSTED when it is
 * another, of this image or none; WAX_UNSPECIFIED_ERROR. */
wax_status wax_update_chunk_check(const wax_update_manifest *manifest, uint32_t index,
                                  wax_bytes message, wax_bytes *chunk) WAX_CHECKED;

/* ---- Topics [4] ---- */

/* Append PREFIX/u/NAME/manifest, PREFIX/u/CLASS/VERSION/INDEX and PREFIX/u/DEVICE/status; what does
 * not fit makes the writer WAX_FULL. */
void wax_update_manifest_topic(wax_writer *out, wax_bytes prefix, wax_bytes name);
void wax_update_chunk_topic(wax_writer *out, wax_bytes prefix, const wax_update_manifest *manifest,
                            uint32_t index);
void wax_update_status_topic(wax_writer *out, wax_bytes prefix, wax_bytes device);

/* ---- The board [5] ---- */

/* The areas of a board's flash. */
typedef enum wax_update_area {
    WAX_UPDATE_SLOT_0, /* images, `slot_size` each */
    WAX_UPDATE_SLOT_1,
    WAX_UPDATE_LOG_0, /* what is known of them, `log_size` each */
    WAX_UPDATE_LOG_1,
    WAX_UPDATE_STATE_0, /* which is to boot, a sector each */
    WAX_UPDATE_STATE_1,
    WAX_UPDATE_AREAS,
} wax_update_area;

enum { WAX_UPDATE_SLOTS = 2 };

/* What a board can do. Flash that is erased reads as 0xff; power may go within any call.
 *
 * erase: erases the sector at `offset`, a multiple of the sector's size.
 * write: writes to what was erased since; `offset` and size are multiples of `write_size`.
 * read: fills `room`; at any offset.
 * Each returns WAX_OK, or WAX_IO when the flash does not obey. */
typedef struct wax_update_board wax_update_board;
struct wax_update_board {
    wax_status (*erase)(wax_update_board *self, wax_update_area area, uint32_t offset);
    wax_status (*write)(wax_update_board *self, wax_update_area area, uint32_t offset,
                        wax_bytes bytes);
    wax_status (*read)(wax_update_board *self, wax_update_area area, uint32_t offset, uint8_t *room,
                       size_t size);
    uint32_t sector_size; /* a power of two, from 512 on */
    uint32_t slot_size;   /* sectors */
    uint32_t log_size;    /* sectors: WAX_UPDATE_HEAD_SIZE, and `write_size` for each sector of the
                             slot, or for each chunk if chunks are larger */
    uint32_t write_size;  /* a power of two, WAX_UPDATE_WRITE_MAX at most */
};

/* ---- The device [6] ---- */

/* Who the device is. It stays the caller's, and so does the board. */
typedef struct wax_update_config {
    wax_bytes vendor;
    wax_bytes class_name;
    wax_bytes device; /* its name: a name as above */
    wax_bytes group;  /* of devices that get their manifests together; empty: none */
    wax_bytes prefix; /* of topics */
    wax_update_board *board;
    uint8_t *room; /* for one chunk: images with larger ones are refused */
    size_t room_size;
    uint8_t tries; /* how often an image is booted that nobody confirms; from 1 on */
} wax_update_config;

typedef enum wax_update_phase {
    WAX_UPDATE_IDLE,      /* what runs is confirmed, and nothing is under way */
    WAX_UPDATE_RECEIVING, /* wax_update_wanted() says what */
    WAX_UPDATE_CHECKING,  /* all is written: wax_update_check() until it is over */
    WAX_UPDATE_READY,     /* the next boot tries it */
    WAX_UPDATE_TRIAL,     /* what runs is tried: confirm it, or boot */
} wax_update_phase;

/* Why a manifest or an image was not taken. */
typedef enum wax_update_refusal {
    WAX_UPDATE_TAKEN,
    WAX_UPDATE_NO_MANIFEST, /* no bytes of a manifest */
    WAX_UPDATE_FOREIGN,     /* no key that the device knows has signed it, or it was altered */
    WAX_UPDATE_NOT_OURS,    /* another vendor or class */
    WAX_UPDATE_OLD,         /* of a version that runs, or older than one that was seen */
    WAX_UPDATE_FAILED,      /* of a version that was tried and has failed here */
    WAX_UPDATE_TOO_FAR,     /* an older version must run first than the one that runs */
    WAX_UPDATE_TOO_LARGE,   /* for the slot, its log, or the room for a chunk */
    WAX_UPDATE_BUSY,        /* what runs is not confirmed yet */
    WAX_UPDATE_BAD_IMAGE,   /* the flash does not hold what was written */
} wax_update_refusal;

/* The word for it, as the status has it: "" for WAX_UPDATE_TAKEN. */
const char *wax_update_refusal_word(wax_update_refusal refusal);
const char *wax_update_phase_word(wax_update_phase phase);

/* What is known beyond a loss of power [5]. */
typedef struct wax_update_state {
    uint32_t sequence;                   /* 0: nothing was ever written */
    uint32_t versions[WAX_UPDATE_SLOTS]; /* of whole images; 0: none */
    uint32_t highest;                    /* version that was ever taken on */
    uint32_t failed;                     /* version that was tried and not confirmed; 0: none */
    uint32_t begun;                      /* the sequence at which the slot began to be filled */
    uint8_t active;                      /* the slot that is confirmed */
    uint8_t trial;                       /* the slot that is tried, or WAX_UPDATE_SLOTS: none */
    uint8_t tries;                       /* how often it may still be booted */
} wax_update_state;

/* A device. The fields are read by whoever likes; only this room writes them. */
typedef struct wax_update {
    const wax_update_config *config;
    const uint8_t *anchors;
    size_t anchor_count;
    wax_update_state state;
    wax_update_phase phase;
    wax_update_refusal refusal;
    wax_update_manifest manifest; /* of what is under way; views `head` */
    uint32_t next;                /* the chunk that is wanted, or checked */
    uint32_t faults;              /* of the flash, since the device was opened */
    uint8_t running;              /* slot */
    wax_update_tree tree;
    uint8_t head[WAX_UPDATE_HEAD_SIZE];
} wax_update;

/* Begins a device. `anchors` are the vendor's public keys, `anchor_count` of them one behind the
 * other, compiled into the program: whoever signs with one of their secrets may change it. Returns
 * WAX_OK, or WAX_INVALID when config or board are not as said above. */
wax_status wax_update_open(wax_update *self, const wax_update_config *config,
                           const uint8_t anchors[WAX_AT_LEAST(WAX_P256_PUBLIC_SIZE)],
                           size_t anchor_count) WAX_CHECKED;

/* Writes down, at the factory, that slot 0 holds the image of this manifest.
 * Returns WAX_OK; WAX_UNTRUSTED or WAX_MALFORMED for a manifest that the device would not take;
 * WAX_INVALID when the device has a state already; WAX_IO. */
wax_status wax_update_factory(wax_update *self, wax_bytes message) WAX_CHECKED;

/* What a boot loader asks: which slot to start. Verifies it, by signature and tree; counts the
 * tries of one that is not confirmed, and returns to the other when they are used up or it is not
 * whole.
 * Returns WAX_OK with `slot`; WAX_NOT_FOUND when the device has no state yet; WAX_UNTRUSTED when
 * neither slot holds what was signed; WAX_IO. */
wax_status wax_update_boot(wax_update *self, uint8_t *slot) WAX_CHECKED;

/* What a program asks when it starts in slot `running`: finds what is under way.
 * Returns WAX_OK; WAX_NOT_FOUND when the device has no state yet; WAX_IO. */
wax_status wax_update_resume(wax_update *self, uint8_t running) WAX_CHECKED;

/* Takes a manifest, and begins to receive when it is for this device and newer.
 * Returns WAX_OK, also when this image is under way already; WAX_NOT_AUTHORIZED with `refusal` as
 * the reason; WAX_IO when the flash does not obey; WAX_UNSPECIFIED_ERROR. */
wax_status wax_update_offer(wax_update *self, wax_bytes message) WAX_CHECKED;

/* Whether a chunk is wanted, and which; those behind it may be asked for, too, and are taken in
 * turn. */
bool wax_update_wanted(const wax_update *self, uint32_t *index);

/* Takes the message of a chunk: verifies it, and only then writes it.
 * Returns WAX_OK; WAX_NOT_FOUND when it is not the one that is wanted; WAX_MALFORMED or
 * WAX_UNTRUSTED when it is not that chunk: ask again; WAX_IO when the flash does not hold it, and
 * then an earlier one may be wanted; WAX_UNSPECIFIED_ERROR. */
wax_status wax_update_take(wax_update *self, uint32_t index, wax_bytes message) WAX_CHECKED;

/* Takes a message by its topic: a manifest or a chunk. WAX_NOT_FOUND when it is neither; otherwise
 * as wax_update_offer() and wax_update_take(). An empty manifest is none. */
wax_status wax_update_hear(wax_update *self, wax_bytes topic, wax_bytes message) WAX_CHECKED;

/* Reads one chunk of the new image back and counts it; after the last the image is ready.
 * Returns WAX_MORE: call again; WAX_OK: it is ready; WAX_UNTRUSTED: the flash holds something else,
 * and the version is given up; WAX_IO; WAX_UNSPECIFIED_ERROR. */
wax_status wax_update_check(wax_update *self) WAX_CHECKED;

/* Says that what runs is good: it is what boots from now on.
 * Returns WAX_OK, also when it was confirmed before; WAX_IO. */
wax_status wax_update_confirm(wax_update *self) WAX_CHECKED;

/* The version that runs. */
uint32_t wax_update_running_version(const wax_update *self);

/* Appends what is going on as JSON [4]; what does not fit makes the writer WAX_FULL. */
void wax_update_show(const wax_update *self, wax_writer *out);

WAX_C_END

#endif
