/* Bytes that are no saved session, or one that was touched: the library believes sizes in it, so
 * what it is given has to be looked at before. */
#include "fuzz.h"

#include "wolf/wolf.h"

static wax_wolf_context context;

static void open_once(void)
{
    static const wax_device_settings settings = {
        .psk_identity = {(const uint8_t *)"pump",       4 },
        .psk = {(const uint8_t *)"0123456789", 10},
    };

    if (context.library == NULL && wax_wolf_open(&context, &settings, NULL) != WAX_OK) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t inboxes[2][8];
    wax_loopback ends[2];
    wax_wolf_tls tls;
    wax_status status;

    open_once();
    wax_loopback_open(&ends[0], &ends[1], inboxes[0], inboxes[1], sizeof inboxes[0]);
    if (wax_wolf_connect(&tls, &context, &ends[0].transport) != WAX_OK) {
        abort();
    }
    status = wax_wolf_offer_session(&tls, wax_bytes_of(data, size));
    if (status != WAX_OK && status != WAX_INVALID) {
        abort();
    }
    wax_transport_release(&tls.filter.transport);
    wax_transport_release(&ends[1].transport);
    return 0;
}
