/* By which names and addresses others reach this host. */
#include "tools/hosts.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

bool tools_hosts_add(struct hosts *hosts, const char *name)
{
    size_t size = strlen(name);

    for (size_t i = 0; i < hosts->count; i++) {
        if (strcasecmp(hosts->texts[i], name) == 0) {
            return true;
        }
    }
    if (size == 0 || size >= sizeof hosts->texts[0] || hosts->count == HOSTS_MAX) {
        return false;
    }
    memcpy(hosts->texts[hosts->count], name, size + 1);
    hosts->names[hosts->count] = hosts->texts[hosts->count];
    hosts->count++;
    return true;
}

static void add_canonical_name(struct hosts *hosts, const char *name)
{
    const struct addrinfo wanted = {.ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;

    if (getaddrinfo(name, NULL, &wanted, &found) != 0) {
        return;
    }
    /* One that leaves the point at its end names the same host without it. */
    if (found->ai_canonname != NULL && strchr(found->ai_canonname, ':') == NULL) {
        size_t size = strlen(found->ai_canonname);
        if (size > 1 && found->ai_canonname[size - 1] == '.') {
            found->ai_canonname[size - 1] = '\0';
        }
        (void)tools_hosts_add(hosts, found->ai_canonname);
    }
    freeaddrinfo(found);
}

/* The host's own name, whole and short, and as mDNS announces it on the local net. */
static void add_names(struct hosts *hosts)
{
    char name[200] = "";
    char local[256];
    char *point;

    if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') {
        return;
    }
    (void)tools_hosts_add(hosts, name);
    add_canonical_name(hosts, name);
    point = strchr(name, '.');
    if (point != NULL) {
        *point = '\0';
        (void)tools_hosts_add(hosts, name);
    }
    (void)snprintf(local, sizeof local, "%s.local", name);
    (void)tools_hosts_add(hosts, local);
}

/* Writes an address that others can use; "" for the rest: those of this link alone are no use in a
 * certificate, because they need the name of an interface behind them. */
static void print_address(const struct sockaddr *address, char room[static INET6_ADDRSTRLEN])
{
    room[0] = '\0';
    if (address == NULL) {
        return;
    }
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const void *)address;
        (void)inet_ntop(AF_INET, &four->sin_addr, room, INET6_ADDRSTRLEN);
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const void *)address;
        if (!IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr)) {
            (void)inet_ntop(AF_INET6, &six->sin6_addr, room, INET6_ADDRSTRLEN);
        }
    }
}

static void add_addresses(struct hosts *hosts)
{
    struct ifaddrs *all = NULL;

    if (getifaddrs(&all) != 0) {
        return;
    }
    for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
        char text[INET6_ADDRSTRLEN];

        print_address((one->ifa_flags & IFF_UP) != 0 ? one->ifa_addr : NULL, text);
        if (text[0] != '\0') {
            (void)tools_hosts_add(hosts, text);
        }
    }
    freeifaddrs(all);
}

void tools_hosts_find(struct hosts *hosts)
{
    static const char *const always[] = {"localhost", "127.0.0.1", "::1"};

    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        (void)tools_hosts_add(hosts, always[i]);
    }
    add_names(hosts);
    add_addresses(hosts);
}
