/* The updater inside of TLS: without it, no word is said. */
#include "board.h"
#include "network.h"
#include "tls.h"
#include "updater.h"

static wax_transport *dial(void)
{
    wax_transport *below = network_dial();
    wax_transport *tls = below == NULL ? NULL : tls_filter.connect(below);

    if (below != NULL && tls == NULL) {
        wax_transport_release(below);
    }
    return tls;
}

int updater_run_tls(const wax_device_settings *settings)
{
    int code;

    if (tls_filter.open(settings) != WAX_OK) {
        board_print("keys or certificates that are none");
        return 3;
    }
    code = updater_run(dial);
    tls_filter.close();
    return code;
}
