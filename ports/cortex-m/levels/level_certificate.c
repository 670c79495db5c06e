/* Whom a connection with certificates trusts; its own is shown where there is one. */
#include "board.h"
#include "level.h"

enum { DER_SIZE = 1024 };

static wax_bytes read_der(const char *name, uint8_t room[static DER_SIZE])
{
    return wax_bytes_of(room, board_read_file(name, room, DER_SIZE));
}

const wax_device_settings *level_settings(void)
{
    static uint8_t rooms[3][DER_SIZE];
    static wax_bytes authority;
    static wax_bytes own;
    static wax_device_settings settings = {
        .host = "localhost",
        .authorities = &authority,
        .authority_count = 1,
        .chain = &own,
        .record_size_max = 4096,
    };

    authority = read_der("ca.der", rooms[0]);
    own = read_der("board.der", rooms[1]);
    settings.chain_count = own.size > 0 ? 1 : 0;
    settings.secret_key = read_der("board.key.der", rooms[2]);
    return &settings;
}
