/* How far a connection is, and how the next one goes on. */
#include "mbed/inner.h"

bool wax_mbed_is_ready(const wax_mbed_tls *self)
{
    return self->ssl.state == MBEDTLS_SSL_HANDSHAKE_OVER;
}

wax_status wax_mbed_save_session(const wax_mbed_tls *self, wax_writer *out)
{
    mbedtls_ssl_session session;
    wax_status status = WAX_NOT_FOUND;
    size_t size = 0;

    if (!wax_mbed_is_ready(self)) {
        return WAX_NOT_FOUND;
    }
    mbedtls_ssl_session_init(&session);
    if (mbedtls_ssl_get_session(&self->ssl, &session) == 0 &&
        (session.ticket_len > 0 || session.id_len > 0)) {
        status = mbedtls_ssl_session_save(&session, out->data + out->used, wax_writer_left(out),
                                          &size) == 0
                     ? WAX_OK
                     : WAX_FULL;
    }
    if (status == WAX_OK) {
        out->used += size;
    } else if (status == WAX_FULL) {
        out->status = WAX_FULL;
    }
    mbedtls_ssl_session_free(&session);
    return status;
}

wax_status wax_mbed_offer_session(wax_mbed_tls *self, wax_bytes session)
{
    mbedtls_ssl_session saved;
    int fault;

    mbedtls_ssl_session_init(&saved);
    fault = mbedtls_ssl_session_load(&saved, session.data, session.size);
    if (fault == 0) {
        fault = mbedtls_ssl_set_session(&self->ssl, &saved);
    }
    mbedtls_ssl_session_free(&saved);
    if (fault != 0) {
        return mbed_lacks_memory(fault) ? WAX_FULL : WAX_INVALID;
    }
    return WAX_OK;
}
