/* What a listener's TLS is made of: whether there is any, and its certificates for certain names.
 */
#include <stdlib.h>
#include <string.h>

#include "broker/config_hosts.h"

enum { HOST_SIZE_MAX = 253 };

bool wax_config_has_tls(const wax_listener_config *listener)
{
    return listener->certfile || listener->psk_hint;
}

/* A DNS name, or one with `*.` in front: SNI has no others. [RFC 6066, 3] */
static bool is_host(wax_bytes name)
{
    bool is_label = false; /* something stands since the last dot */
    if (wax_bytes_start_with(name, WAX_TEXT("*."))) {
        name = wax_bytes_of(name.data + 2, name.size - 2);
    }
    for (size_t i = 0; i < name.size; i++) {
        uint8_t at = name.data[i];
        uint8_t small = at | 0x20U;
        bool is_letter = (small >= 'a' && small <= 'z') || (at >= '0' && at <= '9') || at == '_';
        if (!is_letter && !(is_label && (at == '-' || at == '.'))) {
            return false;
        }
        is_label = at != '.';
    }
    return is_label && name.size <= HOST_SIZE_MAX;
}

static bool refuse(const wax_config_spot *spot, const char *reason)
{
    wax_config_report_add(spot->report, WAX_CONFIG_ERROR, spot->file, spot->line, "%s %s",
                          spot->option->name, reason);
    return false;
}

static bool is_listed(const char *lines, wax_bytes name, size_t *count)
{
    wax_config_host hosts[WAX_CONFIG_HOSTS_MAX];
    char *copy = wax_config_split_hosts(lines, hosts, count);
    bool found = false;
    for (size_t i = 0; i < *count; i++) {
        found = found || (strlen(hosts[i].name) == name.size &&
                          strncasecmp(hosts[i].name, (const char *)name.data, name.size) == 0);
    }
    free(copy);
    return found;
}

static char *join(const char *lines, wax_bytes words[3])
{
    size_t before = lines ? strlen(lines) + 1 : 0;
    size_t size = before + words[0].size + words[1].size + words[2].size + 3;
    char *joined = malloc(size);
    if (joined) {
        (void)snprintf(joined, size, "%s%s%.*s %.*s %.*s", lines ? lines : "", lines ? "\n" : "",
                       (int)words[0].size, (const char *)words[0].data, (int)words[1].size,
                       (const char *)words[1].data, (int)words[2].size,
                       (const char *)words[2].data);
    }
    return joined;
}

bool wax_config_add_host(const wax_config_spot *spot, char **lines, wax_bytes text)
{
    wax_bytes words[3];
    wax_bytes rest = text;
    size_t count = 0;
    for (size_t i = 0; i < WAX_COUNT(words); i++) {
        words[i] = wax_config_word(&rest);
    }
    if (words[2].size == 0 || (rest.size > 0 && rest.data[0] != '#')) {
        return refuse(spot, "takes a host name, its certificate and its key, and no spaces in "
                            "them: `sni_certificate broker.example /etc/b.crt /etc/b.key`");
    }
    if (!is_host(words[0])) {
        return refuse(spot, "begins with a host name, for instance broker.example or *.example");
    }
    if (!wax_utf8_is_valid(words[1]) || !wax_utf8_is_valid(words[2])) {
        return refuse(spot, "holds a path that is not UTF-8; save the file in that encoding");
    }
    if (is_listed(*lines, words[0], &count)) {
        return refuse(spot, "names this host twice below one listener; delete one of the lines");
    }
    if (count == WAX_CONFIG_HOSTS_MAX) {
        return refuse(spot, "may be written 64 times below one listener; this is one more");
    }
    char *joined = join(*lines, words);
    if (!joined) {
        return refuse(spot, "finds no memory left");
    }
    free(*lines);
    *lines = joined;
    return true;
}

/* Cuts a word off, ending it in place; it ends at `end`. */
static const char *cut(char **at, char end)
{
    char *word = *at;
    size_t size = strcspn(word, (const char[]){end, '\0'});
    *at = word + size + (word[size] != '\0');
    word[size] = '\0';
    return word;
}

char *wax_config_split_hosts(const char *lines, wax_config_host hosts[WAX_CONFIG_HOSTS_MAX],
                             size_t *count)
{
    char *copy = lines ? strdup(lines) : NULL;
    char *at = copy;
    *count = 0;
    while (at && *at && *count < WAX_CONFIG_HOSTS_MAX) {
        wax_config_host *host = &hosts[(*count)++];
        host->name = cut(&at, ' ');
        host->certfile = cut(&at, ' ');
        host->keyfile = cut(&at, '\n');
    }
    return copy;
}
