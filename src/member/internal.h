/* What the files of this room share. */
#ifndef WAX_MEMBER_INTERNAL_H
#define WAX_MEMBER_INTERNAL_H

#include "member/member.h"

enum { REFUSAL_COUNT = 16, HOLD_MS = 2000, STEP_MAX = 4096 };

/* Memory that is given out front to back and taken back as a whole. */
struct pool {
    uint8_t *data;
    size_t size;
    size_t used;
};

/* A group as a mailbox has it, in the forms that sealing wants. */
struct grant {
    wax_keys_group view;
    wax_seal_group group;
    const wax_epoch_key *epochs; /* those that open */
    size_t epoch_count;
    const wax_sender_range *ranges;
    size_t range_count;
    const wax_sender_key *keys;
    size_t key_count;
    const wax_sender_floor *floors;
    size_t floor_count;
    wax_padding padding;
    wax_keys_epoch own; /* what to seal with; no secret: there is none */
};

/* A mailbox with all that was made of it. There are two: the one in use, and one for the next. */
struct box {
    uint8_t *message;
    struct pool pool;
    wax_keys_mailbox mailbox;
    struct grant *grants;
    size_t grant_count;
    wax_blinder blinder; /* no key: topics are not blinded */
};

/* What outlives the mailbox: how far a group has come. */
struct slot {
    const struct grant *grant; /* NULL: free */
    uint8_t id[WAX_KEYS_ID_SIZE];
    wax_sealer sealer;
    wax_status may_send; /* WAX_OK, or why the sealer did not start */
    uint32_t messages;   /* sealed since the start, for the status; these stay at their ends */
    uint64_t bytes;
    wax_opener opener;
    wax_member *member;
    bool has_recalled; /* what came before the last start */
};

struct windows {
    wax_seal_store base;
    wax_member *member;
};

struct mark {
    wax_keys_mark base;
    wax_member *member;
    struct box *box;   /* the mailbox that is being taken */
    wax_bytes message; /* as it came; empty: it was saved before */
    bool is_secured;
};

/* A message that waits for its keys; its topic, properties and payload stand behind it. */
struct held {
    wax_client_receipt receipt;
    wax_publish publish;
};

/* What the talking half has to do. */
struct talk {
    uint8_t *room; /* struct held, each with its bytes */
    size_t first;
    size_t end;
    uint64_t until_ms;            /* how long the mailbox is waited for; WAX_NEVER: it is not */
    uint64_t again_ms;            /* when the status is told again; WAX_NEVER */
    wax_client_receipt owed;      /* for a message that was told */
    wax_client_receipt owed_keys; /* for a mailbox */
    uint32_t ask_token;
    uint32_t tell_token;
    bool asks;       /* the mailbox is to be asked for */
    bool tells;      /* the status is to be sent */
    bool is_crowded; /* but there was no room for it: not before something has left */
};

struct wax_member {
    const wax_member_config *config;
    struct mark mark;
    struct windows windows;
    wax_signer signer;
    struct box boxes[2];
    struct box *current; /* NULL: no mailbox was taken yet */
    struct slot *slots;
    wax_seal_room room;  /* for what messages are bound to */
    uint8_t *text;       /* what is opened */
    uint8_t *properties; /* what came out of it */
    wax_seal_room names; /* for topics as they are blinded */
    uint8_t *came;       /* for WAX_MEMBER_CAME */
    uint64_t count;      /* of statuses */
    uint32_t refused[REFUSAL_COUNT];
    uint8_t boot_nonce[WAX_KEYS_ID_SIZE];
    struct talk talk;
};

/* Room for `count` things of `size` bytes, zeroed; NULL when there is none left. */
void *member_take(struct pool *pool, size_t count, size_t size);

/* Who speaks to whom: about the mailbox ("k") or the status ("s"). The topic is written to `topic`.
 */
wax_keys_ends member_ends(const wax_member *member, const char *kind, wax_writer *topic);

/* Counts what was sealed; now and then the authority is to hear of it. */
void member_count(wax_member *member, struct slot *slot, size_t size);

/* The group that a topic belongs to, as the broker sees the topic; NULL: none. */
struct slot *member_find(wax_member *member, wax_bytes topic);

/* As wax_member_take_mailbox(), for one that was saved before too. */
wax_status member_take_mailbox(wax_member *member, wax_bytes message, bool is_saved) WAX_CHECKED;

/* Makes all that sealing wants of the mailbox that was opened in `box`. Returns WAX_OK, WAX_FULL or
 * WAX_INVALID. */
wax_status member_prepare(const wax_member *member, struct box *box);

/* Of epochs that the group keeps no more it is remembered how far senders came, and none of their
 * keys. */
void member_forget_keys(const struct grant *grant, wax_sender_record *senders, size_t count);

/* What will be usable and can be had again at the next start: prepares a mailbox that was opened,
 * and saves it. Returns as member_prepare(), or what the store returned. */
wax_status member_secure(struct mark *mark) WAX_CHECKED;

/* Before a slot opens anything: takes up what came before the last start. Returns WAX_OK, or
 * WAX_IO. */
wax_status member_recall(struct slot *slot) WAX_CHECKED;

/* The `keep` of a slot's opener. */
wax_status member_keep_came(void *keeper, const wax_sender_record *record);

/* Takes what was prepared into use. */
void member_adopt(wax_member *member, struct box *box);

#endif
