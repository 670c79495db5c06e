/* Devices, as their statuses tell of them. */
#ifndef WAX_TOOLS_FLEET_H
#define WAX_TOOLS_FLEET_H

#include "update/update.h"

enum { FLEET_MAX = 100000, FLEET_WORD_SIZE = 24 };

/* One device. What it says of itself is not signed. */
struct fleet_device {
    char name[WAX_UPDATE_NAME_MAX + 1];
    char group[WAX_UPDATE_NAME_MAX + 1];
    char vendor[WAX_UPDATE_NAME_MAX + 1];
    char class_name[WAX_UPDATE_NAME_MAX + 1];
    char state[FLEET_WORD_SIZE];
    char refused[FLEET_WORD_SIZE];
    uint32_t version;
    uint32_t to; /* these three are 0 when nothing is under way */
    uint32_t done;
    uint32_t of;
    uint32_t failed;
    bool is_told; /* since the one who watches looked at it */
    bool is_offered;
    bool has_failed;
};

struct fleet {
    struct fleet_device *devices; /* on the heap */
    size_t count;
    size_t capacity;
};

/* Takes the status of a device from its topic below a prefix. NULL when it is none, there is no
 * memory, or there are FLEET_MAX devices. */
struct fleet_device *tools_fleet_take(struct fleet *fleet, wax_bytes prefix, wax_bytes topic,
                                      wax_bytes payload);

/* Gives back the memory. */
void tools_fleet_discard(struct fleet *fleet);

#endif
