/* Who a device is for sealing: what stands in the file that `wax keys` makes for it. */
#ifndef WAX_TOOLS_IDENTITY_H
#define WAX_TOOLS_IDENTITY_H

#include "keys/keys.h"

enum { IDENTITY_STATE_SIZE = 4096, IDENTITY_PREFIX_SIZE = 96, IDENTITY_TEXT_SIZE = 8192 };

struct identity {
    uint8_t name_space[WAX_KEYS_ID_SIZE];
    char prefix[IDENTITY_PREFIX_SIZE];
    char device[WAX_KEYS_NAME_MAX + 1];
    char profile_name[16];
    const wax_keys_profile *profile;
    uint8_t psk[WAX_KEYS_SECRET_SIZE];
    uint8_t secret[WAX_P256_SECRET_SIZE];
    uint8_t keeper[WAX_P256_PUBLIC_SIZE];
    uint8_t registrar[WAX_P256_PUBLIC_SIZE];
    bool has_psk;
    bool has_secret;
    bool has_keeper;
    bool has_registrar;
    char firmware[WAX_KEYS_NAME_MAX + 1]; /* what it says that it runs; empty: this program */
    char state[IDENTITY_STATE_SIZE];      /* the folder of what must outlive the process */
};

/* Reads a file. Where it names no `state`, that is the file's path with ".state" behind it. False,
 * with `fault` saying in words what is wrong and where. */
bool tools_identity_read(struct identity *identity, const char *path, char *fault,
                         size_t fault_size);

/* Writes it as a file that only the owner may read. As tools_identity_read(). */
bool tools_identity_write(const struct identity *identity, const char *path, char *fault,
                          size_t fault_size);

/* Writes it as the text of such a file, and returns its size. */
size_t tools_identity_show(const struct identity *identity, char text[static IDENTITY_TEXT_SIZE]);

/* Reads a file of what anybody may know of a namespace, as `wax keys public` prints it. As
 * tools_identity_read(). */
bool tools_identity_read_public(struct identity *identity, const char *path, char *fault,
                                size_t fault_size);

/* Wipes it. */
void tools_identity_discard(struct identity *identity);

#endif
