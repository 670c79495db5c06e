/* What a connection leaves behind, and how the next one goes on. */
#include "wolf/inner.h"

/* The library believes sizes in what it reads; this is the only one that has no room of its own. */
enum { ID_SIZE_AT = 9, ID_SIZE_MAX = 32 };

#if defined(LIBWOLFSSL_VERSION_HEX) &&                                                             \
    (!defined(HAVE_EXT_CACHE) || !defined(NO_CLIENT_CACHE) || defined(SESSION_CERTS) ||            \
     defined(OPENSSL_EXTRA) || defined(WOLFSSL_TLS13))
#error "user_settings.h has to include wolf/settings.h, and sessions without certificates"
#endif

wax_status wax_wolf_save_session(const wax_wolf_tls *self, wax_writer *out)
{
    wax_status status = WAX_NOT_FOUND;
    WOLFSSL_SESSION *session;
    uint8_t *place = out->data + out->used;
    int size;

    if (!wax_wolf_is_ready(self)) {
        return WAX_NOT_FOUND;
    }
    session = wolfSSL_get1_session(self->ssl);
    size = wolfSSL_i2d_SSL_SESSION(session, NULL);
    if (size > 0 && wolfSSL_SESSION_has_ticket(session) == WOLFSSL_SUCCESS) {
        status = (size_t)size <= wax_writer_left(out) ? WAX_OK : WAX_FULL;
    }
    if (status == WAX_OK) {
        out->used += (size_t)wolfSSL_i2d_SSL_SESSION(session, &place);
    } else if (status == WAX_FULL) {
        out->status = WAX_FULL;
    }
    wolfSSL_SESSION_free(session);
    return status;
}

static WOLFSSL_SESSION *read_session(wax_bytes bytes)
{
    const unsigned char *at = bytes.data;
    WOLFSSL_SESSION *session;

    if (bytes.size <= ID_SIZE_AT || bytes.size > INT32_MAX ||
        bytes.data[ID_SIZE_AT] > ID_SIZE_MAX) {
        return NULL;
    }
    session = wolfSSL_d2i_SSL_SESSION(NULL, &at, (long)bytes.size);
    if (session != NULL && at != bytes.data + bytes.size) {
        wolfSSL_SESSION_free(session);
        session = NULL;
    }
    return session;
}

/* A session that the library did not take may have left something in the connection. */
wax_status wax_wolf_offer_session(wax_wolf_tls *self, wax_bytes session)
{
    WOLFSSL_SESSION *saved = read_session(session);
    WOLFSSL *fresh;
    bool is_taken;

    if (saved == NULL) {
        return WAX_INVALID;
    }
    is_taken = wolfSSL_set_session(self->ssl, saved) == WOLFSSL_SUCCESS;
    wolfSSL_SESSION_free(saved);
    if (is_taken) {
        return WAX_OK;
    }
    fresh = wolf_begin(self);
    if (fresh == NULL) {
        return WAX_FULL;
    }
    wolfSSL_free(self->ssl);
    self->ssl = fresh;
    return WAX_INVALID;
}
