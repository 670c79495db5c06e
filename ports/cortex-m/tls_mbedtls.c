/* The filter by Mbed TLS. */
#include "tls.h"
#include "mbed/mbed.h"

static wax_mbed_context context;
static wax_mbed_tls tls;

static wax_status open(const wax_device_settings *settings)
{
    return wax_mbed_open(&context, settings);
}

static void close(void)
{
    wax_mbed_close(&context);
}

static wax_transport *connect(wax_transport *below)
{
    return wax_mbed_connect(&tls, &context, below) == WAX_OK ? &tls.filter.transport : NULL;
}

static wax_status offer(wax_bytes session)
{
    return wax_mbed_offer_session(&tls, session);
}

static wax_status save(wax_writer *out)
{
    return wax_mbed_save_session(&tls, out);
}

const struct tls_filter tls_filter = {open, close, connect, offer, save};
