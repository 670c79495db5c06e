/* The sensor over TLS, with certificates: the broker's, and its own if it has one. */
#include "board.h"
#include "sensor_tls.h"

enum { DER_SIZE = 1024 };

static wax_bytes read_der(const char *name, uint8_t room[static DER_SIZE])
{
    return wax_bytes_of(room, board_read_file(name, room, DER_SIZE));
}

int main(void)
{
    static uint8_t rooms[3][DER_SIZE];
    const wax_bytes authority = read_der("ca.der", rooms[0]);
    const wax_bytes own = read_der("board.der", rooms[1]);
    const wax_device_settings settings = {
        .host = "localhost",
        .authorities = &authority,
        .authority_count = 1,
        .chain = &own,
        .chain_count = own.size > 0 ? 1 : 0,
        .secret_key = read_der("board.key.der", rooms[2]),
        .record_size_max = 4096,
    };

    return sensor_run_tls(&settings);
}
