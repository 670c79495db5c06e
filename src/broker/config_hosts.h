/* Lines of sni_certificate. */
#ifndef WAX_BROKER_CONFIG_HOSTS_H
#define WAX_BROKER_CONFIG_HOSTS_H

#include "broker/config_value.h"

/* Adds a line HOST CERTFILE KEYFILE to `lines`. Returns false, with the reason in `report`, when it
 * is none, or the host is there already. */
WAX_CHECKED bool wax_config_add_host(const wax_config_spot *spot, char **lines, wax_bytes text);

#endif
