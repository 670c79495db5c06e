/* flash: the board's PSRAM as the flash of a device that takes updates. It outlives a reset, and
 * the emulator too where that keeps it in a file. */
#ifndef WAX_BOARD_FLASH_H
#define WAX_BOARD_FLASH_H

#include "update/update.h"

struct flash {
    wax_update_board board; /* first; the sizes in it are the caller's */
    uint8_t *memory;        /* the areas in turn, one behind the other */
    uint32_t *operations;   /* erasures and writes; each counts itself here */
    const uint32_t *cut_at; /* the one that is done by half before power goes; 0: none */
    void (*cut)(void);      /* makes it go, and does not return */
};

/* Gives the board its functions. */
void flash_open(struct flash *self);

#endif
