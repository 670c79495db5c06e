/* A group's epochs: announced, written in, gone. */
#ifndef WAX_AUTHORITY_EPOCHS_H
#define WAX_AUTHORITY_EPOCHS_H

#include "authority/space.h"

/* A group as the machine sees it. */
struct group {
    uint64_t id;
    uint8_t name_id[WAX_KEYS_ID_SIZE];
    char name[WAX_KEYS_NAME_MAX + 1];
    uint32_t suite;
    uint32_t group_class;
    uint32_t tag_size;
    uint32_t epoch_s;
    uint32_t kept;
    uint32_t ack_s;
    bool signs;
    uint32_t write_epoch;
    uint32_t announced; /* 0: none */
    uint64_t due_s; /* of the announced epoch to be written in; else of the next to be announced */
};

/* Finds a group by its name, or by its row. */
void group_find(wax_authority *self, wax_bytes name, struct group *group);
void group_load(wax_authority *self, uint64_t id, struct group *group);

/* That all members must hear of it; that readers must. */
void group_touch(wax_authority *self, const struct group *group);
void group_touch_readers(wax_authority *self, const struct group *group);

/* Announces a new epoch, unless one is announced; and writes in the one that is. */
void epoch_announce(wax_authority *self, const wax_authority_deed *deed, struct group *group);
void epoch_activate(wax_authority *self, const wax_authority_deed *deed, struct group *group);

/* Writes in what is announced when all readers have it. */
void epoch_settle(wax_authority *self, const wax_authority_deed *deed, struct group *group);

/* The secret of an epoch. */
void epoch_secret(wax_authority *self, uint64_t group_id, uint32_t epoch,
                  uint8_t secret[static WAX_KEYS_SECRET_SIZE]);

#endif
