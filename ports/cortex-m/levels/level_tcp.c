/* A connection without protection. */
#include "level.h"
#include "meter.h"
#include "network.h"

static wax_status open(void)
{
    return WAX_OK;
}

static wax_transport *dial(void)
{
    return meter_open(network_dial());
}

static size_t keep(void)
{
    return 0;
}

const struct level_wire level_wire = {open, dial, keep};
