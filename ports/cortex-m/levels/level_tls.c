/* A connection inside of TLS, whose sessions go on in the next one. */
#include "level.h"
#include "meter.h"
#include "network.h"
#include "tls.h"

static uint8_t room[2048];
static size_t kept;

static wax_status open(void)
{
    return tls_filter.open(level_settings());
}

static wax_transport *dial(void)
{
    wax_transport *below = meter_open(network_dial());
    wax_transport *tls = below == NULL ? NULL : tls_filter.connect(below);

    if (tls != NULL && kept > 0 && tls_filter.offer(wax_bytes_of(room, kept)) != WAX_OK) {
        return NULL;
    }
    return tls;
}

static size_t keep(void)
{
    wax_writer out = wax_writer_over(room, sizeof room);

    kept = tls_filter.save(&out) == WAX_OK ? out.used : 0;
    return kept;
}

const struct level_wire level_wire = {open, dial, keep};
