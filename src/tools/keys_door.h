/* Where orders come in to `wax authority`: the socket in its folder, a Unix socket for other
 * accounts, and TLS 1.3 for who has a certificate. */
#ifndef WAX_TOOLS_KEYS_DOOR_H
#define WAX_TOOLS_KEYS_DOOR_H

#include "tools/keys_guest.h"

enum { DOOR_ENTRANCES_MAX = WAX_LISTEN_MAX + 2 };

struct keys_door {
    struct door_host host;
    bool is_open; /* there is a loop */
    struct door_entrance entrances[DOOR_ENTRANCES_MAX];
    size_t entrance_count;
    int folder_listener; /* when `has_listener` */
    bool has_listener;
    wax_tls_context *tls;
    uint64_t tls_made_ms;
};

/* Opens all that the settings name; both outlive the door. False, and said so, when one cannot be:
 * keys_door_close() is owed all the same. */
bool keys_door_open(struct keys_door *door, struct authority_home *home,
                    const struct settings *settings);
void keys_door_close(struct keys_door *door);

/* Serves whoever can be served now. To be called when `host.loop.epoll` is readable, and when
 * keys_door_due_ms() has come. */
void keys_door_turn(struct keys_door *door);

/* WAX_NEVER: nobody is there. */
uint64_t keys_door_due_ms(const struct keys_door *door);

#endif
