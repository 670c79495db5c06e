/* A device's flash in a file: it erases to ones, and writing only clears bits. */
#ifndef WAX_TOOLS_UPDATE_FLASH_H
#define WAX_TOOLS_UPDATE_FLASH_H

#include "tools/settings.h"
#include "update/update.h"

struct update_flash {
    wax_update_board board; /* first */
    int file;
    uint32_t operations;
    uint32_t cut_at; /* the operation in which power goes; 0: never */
};

/* Makes a file that is not there yet, as large as the settings want the slots; opens one. False,
 * and said so, if it cannot be. */
bool update_flash_make(struct update_flash *flash, const struct settings *settings,
                       const char *path);
bool update_flash_open(struct update_flash *flash, const struct settings *settings,
                       const char *path);
void update_flash_close(struct update_flash *flash);

#endif
