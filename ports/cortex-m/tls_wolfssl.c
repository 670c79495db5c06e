/* The filter by wolfSSL. */
#include "tls.h"
#include "wolf/wolf.h"

static wax_wolf_context context;
static wax_wolf_tls tls;

static wax_status open(const wax_device_settings *settings)
{
    return wax_wolf_open(&context, settings, NULL);
}

static void close(void)
{
    wax_wolf_close(&context);
}

static wax_transport *connect(wax_transport *below)
{
    return wax_wolf_connect(&tls, &context, below) == WAX_OK ? &tls.filter.transport : NULL;
}

static wax_status offer(wax_bytes session)
{
    return wax_wolf_offer_session(&tls, session);
}

static wax_status save(wax_writer *out)
{
    return wax_wolf_save_session(&tls, out);
}

const struct tls_filter tls_filter = {open, close, connect, offer, save};
