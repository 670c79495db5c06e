/* The updater over TLS, with a key that it has in common with the broker. */
#include "board.h"
#include "updater.h"

int main(void)
{
    static uint8_t key[32];
    const wax_device_settings settings = {
        .psk_identity = WAX_TEXT("board"),
        .psk = wax_bytes_of(key, board_read_file("psk.bin", key, sizeof key)),
        .record_size_max = 512,
    };

    return updater_run_tls(&settings);
}
