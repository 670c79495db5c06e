/* The client by wolfSSL. */
#include "tls_client.h"
#include "wolf/wolf.h"

static wax_wolf_context context;
static wax_wolf_tls tls;

static wax_status begin(const wax_device_settings *settings)
{
    return wax_wolf_open(&context, settings, NULL);
}

static void end(void)
{
    wax_wolf_close(&context);
}

static wax_transport *connect(wax_transport *below)
{
    return wax_wolf_connect(&tls, &context, below) == WAX_OK ? &tls.filter.transport : NULL;
}

static bool is_ready(void)
{
    return wax_wolf_is_ready(&tls);
}

static wax_status save(wax_writer *out)
{
    return wax_wolf_save_session(&tls, out);
}

static wax_status offer(wax_bytes session)
{
    return wax_wolf_offer_session(&tls, session);
}

const struct tls_client tls_client = {true, begin, end, connect, is_ready, save, offer};
