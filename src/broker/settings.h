/* A configuration with the files it names read; immutable and counted. */
#ifndef WAX_BROKER_SETTINGS_H
#define WAX_BROKER_SETTINGS_H

#include <stdatomic.h>

#include "auth/auth.h"
#include "broker/config.h"
#include "tls/tls.h"

struct sealed;

struct policy {
    wax_credentials credentials;
    wax_rules rules;
    bool has_credentials;
    bool has_rules;
    wax_tls_context *tls;      /* NULL: plain */
    bool uses_kernel;          /* connections may have their records made by the kernel */
    atomic_bool told_declined; /* that it made none for one of them was logged */
    wax_token_rules tokens;
};

struct settings {
    atomic_uint holders;
    atomic_uint awaited; /* workers that a reload has yet to reach */
    wax_config config;
    struct policy *policies;      /* one per listener, and one at WAX_CONFIG_INNER */
    wax_tls_context **bridge_tls; /* one per bridge; NULL: plain */
    struct sealed *sealed;        /* NULL: no `sealed_only` */
};

/* Where settings come from. */
struct settings_source {
    const char *path; /* NULL: no file */
    const uint32_t *ports;
    size_t port_count;
    const struct settings *running; /* whose listeners keep their places; NULL: none run */
};

/* Reads the configuration and every file it names. On failure the report says why and `*loaded`
 * is NULL. */
wax_status settings_load(struct settings **loaded, const struct settings_source *source,
                         wax_config_report *report) WAX_CHECKED;
struct settings *settings_hold(struct settings *settings);
void settings_release(struct settings *settings);

#endif
