/* Which brokers the DNS names for a domain. */
#ifndef WAX_TOOLS_SRV_H
#define WAX_TOOLS_SRV_H

#include "base/base.h"

enum {
    SRV_MAX = 32,
};

/* A broker of a domain. [RFC 2782] */
struct srv {
    uint16_t priority;
    uint16_t weight;
    uint16_t port;
    char host[256];
};

/* Reads the SRV records of a DNS answer into `records`, which has room for SRV_MAX; more are left
 * out. Returns how many there are. */
size_t tools_srv_read(wax_bytes answer, struct srv *records);

/* Puts records in the order in which they are to be tried: by priority, and by chance according to
 * their weights among equals. `random` gives any number. */
void tools_srv_order(struct srv *records, size_t count, uint32_t (*random)(void));

/* Asks for the brokers of a domain, those of TLS or the others, in the order in which to try them.
 * Returns how many there are; 0, with `fault`, if none. */
size_t tools_srv_find(const char *domain, bool is_tls, struct srv *records, char *fault,
                      size_t fault_size);

/* The domain that this host belongs to; "" if it is not known. */
void tools_srv_local_domain(char domain[static 256]);

#endif
