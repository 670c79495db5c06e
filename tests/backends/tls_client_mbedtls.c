/* The client by Mbed TLS. */
#include "mbed/mbed.h"
#include "tls_client.h"

static wax_mbed_context context;
static wax_mbed_tls tls;

static wax_status begin(const wax_device_settings *settings)
{
    return wax_mbed_open(&context, settings);
}

static void end(void)
{
    wax_mbed_close(&context);
}

static wax_transport *connect(wax_transport *below)
{
    return wax_mbed_connect(&tls, &context, below) == WAX_OK ? &tls.filter.transport : NULL;
}

static bool is_ready(void)
{
    return wax_mbed_is_ready(&tls);
}

static wax_status save(wax_writer *out)
{
    return wax_mbed_save_session(&tls, out);
}

static wax_status offer(wax_bytes session)
{
    return wax_mbed_offer_session(&tls, session);
}

const struct tls_client tls_client = {true, begin, end, connect, is_ready, save, offer};
