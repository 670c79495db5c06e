/* The folder of an authority: its file, its lock, its socket, and the key that seals its secrets,
 * which is kept elsewhere. */
#ifndef WAX_TOOLS_AUTHORITY_HOME_H
#define WAX_TOOLS_AUTHORITY_HOME_H

#include "authority/authority.h"

enum { HOME_FOLDER_SIZE = 4000, HOME_PATH_SIZE = 4096, HOME_FAULT_SIZE = 4600 };

/* Zeroed, nothing is held. */
struct authority_home {
    char folder[HOME_FOLDER_SIZE];
    char file[HOME_PATH_SIZE];
    char socket[HOME_PATH_SIZE];
    int lock; /* a descriptor, when `is_locked` */
    bool is_locked;
    uint8_t key[WAX_SEAL_KEY_SIZE];
    wax_authority_random random;
    wax_authority *authority; /* NULL: not open */
    char fault[HOME_FAULT_SIZE];
};

enum home_lock {
    HOME_LOCKED,
    HOME_BUSY, /* another process has it: `wax authority`, most likely */
    HOME_FAILED,
};

/* Names the places in `folder`. False, with `fault`, for a path that is too long. */
bool authority_home_place(struct authority_home *home, const char *folder);

/* Makes the folder, for its owner only; it must not be there, or be empty. */
bool authority_home_make(struct authority_home *home);

/* Takes the lock that one process has. */
enum home_lock authority_home_lock(struct authority_home *home);

/* As authority_home_lock(), with some seconds of patience for a `wax keys` that is at work. */
enum home_lock authority_home_wait(struct authority_home *home);

/* Finds the key: in the file `path`; or NULL, as the systemd credential `wax-authority.kek`, in
 * $WAX_AUTHORITY_KEK, or in FOLDER.kek. With `makes`, a file that is not there is made. `where`
 * gets what was taken. */
bool authority_home_key(struct authority_home *home, const char *path, bool makes,
                        char where[static HOME_PATH_SIZE]);

/* Opens what is there, or founds a new namespace. */
bool authority_home_open(struct authority_home *home);
bool authority_home_found(struct authority_home *home, const wax_authority_deed *deed,
                          const wax_authority_founding *founding);

/* Closes, unlocks, wipes. */
void authority_home_close(struct authority_home *home);

/* The name of an account, for the log. */
void authority_home_account(unsigned uid, char name[static WAX_KEYS_NAME_MAX + 1]);

#endif
