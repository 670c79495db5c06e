/* TLS over the network, and the sensor inside of it. */
#include "sensor_tls.h"

#include "board.h"
#include "network.h"
#include "sensor.h"
#include "tls.h"

/* What the second connection goes on with. A device keeps it where it keeps keys. */
static uint8_t rooms[2][2048];

/* One connection, with a session to go on with or none; what the next one goes on with is saved. */
static int connect(wax_bytes offered, wax_writer *saved)
{
    wax_transport *below = network_dial();
    wax_transport *tls = below == NULL ? NULL : tls_filter.connect(below);
    int code;

    if (tls == NULL) {
        board_print("there is no network, or no memory");
        return 1;
    }
    if (offered.size > 0 && tls_filter.offer(offered) != WAX_OK) {
        board_print("the session cannot be offered");
    }
    code = sensor_run(tls, &sensor_plain);
    if (tls_filter.save(saved) == WAX_OK) {
        board_print_number("session:", (uint32_t)saved->used);
    }
    wax_transport_release(tls);
    return code;
}

int sensor_run_tls(const wax_device_settings *settings)
{
    wax_writer first = wax_writer_over(rooms[0], sizeof rooms[0]);
    wax_writer second = wax_writer_over(rooms[1], sizeof rooms[1]);
    int code;

    if (tls_filter.open(settings) != WAX_OK) {
        board_print("keys or certificates that are none");
        return 3;
    }
    code = connect(wax_bytes_of(NULL, 0), &first);
    if (code == 0 && first.used > 0) {
        code = connect(wax_writer_bytes(&first), &second);
    }
    tls_filter.close();
    wax_wipe(rooms, sizeof rooms);
    return code;
}
