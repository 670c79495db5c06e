/* By which names and addresses others reach this host. */
#ifndef WAX_TOOLS_HOSTS_H
#define WAX_TOOLS_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

enum {
    HOSTS_MAX = 64, /* what a certificate takes */
};

struct hosts {
    char texts[HOSTS_MAX][256];
    const char *names[HOSTS_MAX]; /* views of `texts` */
    size_t count;
};

/* Adds a name or address unless it is there already. Returns false when there is no room. */
bool tools_hosts_add(struct hosts *hosts, const char *name);

/* Adds what this host is called, its addresses, and "localhost". */
void tools_hosts_find(struct hosts *hosts);

#endif
