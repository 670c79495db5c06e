/* Which brokers the DNS names for a domain. */
#include "tools/srv.h"
#include "os/os.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_SIZE = 65536, /* what TCP carries; longer ones are asked for again over it */
    FIXED_SIZE = 6,      /* priority, weight, port */
};

static bool read_record(ns_msg *message, int at, struct srv *record)
{
    ns_rr found;
    const uint8_t *data;

    if (ns_parserr(message, ns_s_an, at, &found) != 0 || ns_rr_type(found) != ns_t_srv ||
        ns_rr_rdlen(found) <= FIXED_SIZE) {
        return false;
    }
    data = ns_rr_rdata(found);
    record->priority = (uint16_t)ns_get16(data);
    record->weight = (uint16_t)ns_get16(data + 2);
    record->port = (uint16_t)ns_get16(data + 4);
    /* A target of nothing says that there is no such service. [RFC 2782] */
    return ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), data + FIXED_SIZE,
                              record->host, sizeof record->host) >= 0 &&
           record->host[0] != '\0' && strcmp(record->host, ".") != 0 && record->host[0] != '/' &&
           record->port != 0; /* '/' begins the path of a socket here */
}

size_t tools_srv_read(wax_bytes answer, struct srv *records)
{
    ns_msg message;
    size_t count = 0;

    if (answer.size > ANSWER_SIZE || ns_initparse(answer.data, (int)answer.size, &message) != 0) {
        return 0;
    }
    for (int i = 0; i < ns_msg_count(message, ns_s_an) && count < SRV_MAX; i++) {
        count += read_record(&message, i, &records[count]) ? 1 : 0;
    }
    return count;
}

static int compare(const void *one, const void *other)
{
    const struct srv *left = one;
    const struct srv *right = other;

    if (left->priority != right->priority) {
        return left->priority < right->priority ? -1 : 1;
    }
    /* Those without weight first, so that they have a chance at all. */
    return left->weight < right->weight ? -1 : left->weight > right->weight ? 1 : 0;
}

/* Which of records of one priority is next: each as often as its weight says. */
static size_t choose(const struct srv *records, size_t count, uint32_t number)
{
    uint32_t sum = 0;
    uint32_t mark;

    for (size_t i = 0; i < count; i++) {
        sum += records[i].weight;
    }
    mark = number % (sum + 1);
    sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += records[i].weight;
        if (sum >= mark) {
            return i;
        }
    }
    return 0;
}

void tools_srv_order(struct srv *records, size_t count, uint32_t (*random)(void))
{
    qsort(records, count, sizeof *records, compare);
    for (size_t i = 0; i < count; i++) {
        size_t equals = 1;
        size_t chosen;
        struct srv record;

        while (i + equals < count && records[i + equals].priority == records[i].priority) {
            equals++;
        }
        chosen = i + choose(records + i, equals, random());
        record = records[chosen];
        memmove(&records[i + 1], &records[i], (chosen - i) * sizeof record);
        records[i] = record;
    }
}

static uint32_t any_number(void)
{
    uint32_t number;

    wax_os_random(&number, sizeof number);
    return number;
}

/* Asks; returns how many bytes the answer has, or -1. */
static int ask(const char *name, uint8_t *answer)
{
    struct __res_state state = {0};
    int size = -1;

    if (res_ninit(&state) == 0) {
        size = res_nquery(&state, name, ns_c_in, ns_t_srv, answer, ANSWER_SIZE);
        res_nclose(&state);
    }
    return size;
}

size_t tools_srv_find(const char *domain, bool is_tls, struct srv *records, char *fault,
                      size_t fault_size)
{
    char name[320];
    uint8_t *answer = malloc(ANSWER_SIZE);
    size_t count = 0;
    int size;

    (void)snprintf(name, sizeof name, "%s._tcp.%.255s", is_tls ? "_secure-mqtt" : "_mqtt", domain);
    if (answer != NULL) {
        size = ask(name, answer);
        count = size <= 0 ? 0 : tools_srv_read(wax_bytes_of(answer, (size_t)size), records);
    }
    free(answer);
    tools_srv_order(records, count, any_number);
    if (count == 0) {
        (void)snprintf(fault, fault_size,
                       "the DNS names no broker for %.255s: it has no SRV record "
                       "%s; without -S, -h is the broker itself",
                       domain, name);
    }
    return count;
}

void tools_srv_local_domain(char domain[static 256])
{
    struct __res_state state = {0};

    domain[0] = '\0';
    if (res_ninit(&state) == 0) {
        (void)snprintf(domain, 256, "%.255s", state.defdname);
        res_nclose(&state);
    }
}
