/* The updater over TLS, with the broker's certificate. */
#include "board.h"
#include "updater.h"

int main(void)
{
    static uint8_t room[1024];
    const wax_bytes authority = wax_bytes_of(room, board_read_file("ca.der", room, sizeof room));
    const wax_device_settings settings = {
        .host = "localhost",
        .authorities = &authority,
        .authority_count = 1,
        .record_size_max = 4096,
    };

    return updater_run_tls(&settings);
}
