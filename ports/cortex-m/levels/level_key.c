/* Whom a connection with a key in common trusts. */
#include "board.h"
#include "level.h"

const wax_device_settings *level_settings(void)
{
    static uint8_t key[32];
    static wax_device_settings settings = {
        .psk_identity = {(const uint8_t *)"board", 5},
        .record_size_max = 1024,
    };

    settings.psk = wax_bytes_of(key, board_read_file("psk.bin", key, sizeof key));
    return &settings;
}
