/* The client by OpenSSL, which reads files. */
#include "../check.h"
#include "tls_client.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "tls/tls.h"

static wax_tls_context *context;
static wax_transport *filter;
static char host[100];
static char files[3][64];

static void write_pem(FILE *file, const char *kind, wax_bytes der)
{
    static char text[8192];
    wax_writer out = wax_writer_over(text, sizeof text);

    wax_crypto_base64_write(&out, der, WAX_BASE64_PADDED);
    assert_int_equal(out.status, WAX_OK);
    (void)fprintf(file, "-----BEGIN %s-----\n", kind);
    for (size_t at = 0; at < out.used; at += 64) {
        (void)fprintf(file, "%.*s\n", (int)(out.used - at < 64 ? out.used - at : 64), text + at);
    }
    (void)fprintf(file, "-----END %s-----\n", kind);
}

/* The name of a file of certificates or keys; NULL for none of them. */
static const char *keep(char name[static 64], const char *kind, const wax_bytes *ders, size_t count)
{
    FILE *file;

    if (count == 0) {
        return NULL;
    }
    (void)snprintf(name, 64, "/tmp/wax-client-XXXXXX");
    file = fdopen(mkstemp(name), "w");
    assert_non_null(file);
    for (size_t i = 0; i < count; i++) {
        write_pem(file, kind, ders[i]);
    }
    assert_int_equal(fclose(file), 0);
    return name;
}

static wax_status begin(const wax_device_settings *settings)
{
    static char identity[256];
    const size_t key_count = settings->secret_key.size > 0 ? 1 : 0;
    wax_problem problem;
    wax_tls_settings own = {
        .newest_version = WAX_TLS_1_2,
        .ignores_host = settings->host == NULL,
        .psk_key = settings->psk,
        .cafile = keep(files[0], "CERTIFICATE", settings->authorities, settings->authority_count),
        .certfile = keep(files[1], "CERTIFICATE", settings->chain, settings->chain_count),
        .keyfile = keep(files[2], "EC PRIVATE KEY", &settings->secret_key, key_count),
    };
    wax_status status;

    (void)snprintf(host, sizeof host, "%s", settings->host != NULL ? settings->host : "");
    if (settings->psk.size > 0) {
        (void)snprintf(identity, sizeof identity, "%.*s", (int)settings->psk_identity.size,
                       (const char *)settings->psk_identity.data);
        own.psk_identity = identity;
    }
    status = wax_tls_make_client(&own, &context, &problem);
    for (size_t i = 0; i < WAX_COUNT(files); i++) {
        (void)unlink(files[i]);
        files[i][0] = '\0';
    }
    return status;
}

static void end(void)
{
    wax_tls_release(context);
}

static wax_transport *connect(wax_transport *below)
{
    filter = wax_tls_connect(context, below, host[0] != '\0' ? host : NULL);
    return filter;
}

static bool is_ready(void)
{
    return wax_tls_is_ready(filter);
}

static wax_status save(wax_writer *out)
{
    return wax_tls_save_session(filter, out);
}

static wax_status offer(wax_bytes session)
{
    return wax_tls_offer_session(filter, session);
}

const struct tls_client tls_client = {false, begin, end, connect, is_ready, save, offer};
