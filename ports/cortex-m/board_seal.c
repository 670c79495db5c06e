/* board_seal: where a seal's window stands, as a file: it takes the place of a device's flash. */
#include "board_seal.h"

#include "board.h"

static wax_status load(wax_seal_store *self, const uint8_t *group_id, wax_seal_window *window)
{
    (void)self;
    (void)group_id;
    return board_read_file("window", (uint8_t *)window, sizeof *window) == sizeof *window
               ? WAX_OK
               : WAX_NOT_FOUND;
}

static wax_status save(wax_seal_store *self, const uint8_t *group_id, const wax_seal_window *window)
{
    (void)self;
    (void)group_id;
    return board_write_file("window", wax_bytes_of(window, sizeof *window)) ? WAX_OK : WAX_IO;
}

wax_seal_store board_seal_store = {load, save};
