/* Topics on which nothing goes but envelopes of sealed MQTT, and the account of their senders. */
#include "broker/sealed.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "access/access.h"
#include "broker/config_value.h"
#include "os/os.h"
#include "router/router.h"

enum { NO_EPOCH = 256, BUCKET_COUNT = 1024, GROWTH_MIN = 16, HASHED_SIZE = 6 };

/* A line: the filters of one group. */
struct rule {
    wax_bytes text;
    atomic_uint newest; /* epoch, modulo 256; NO_EPOCH: none was seen */
};

struct filter {
    wax_bytes filter;
    uint16_t rule;
};

/* One of several parts of the table of senders, so that workers hardly ever wait for each other. */
struct part {
    pthread_mutex_t mutex; /* held for one step */
    struct sealed_sender *senders;
    uint32_t count;
    uint32_t size;
    uint32_t buckets[BUCKET_COUNT]; /* the first of a chain, plus 1; 0: none */
};

struct sealed {
    atomic_uint holders;
    uint64_t key[2]; /* random; where senders stand depends on it */
    char *text;      /* the lines */
    struct rule rules[SEALED_RULE_MAX];
    size_t rule_count;
    struct filter filters[SEALED_FILTER_MAX];
    size_t filter_count;
    struct part parts[SEALED_PART_COUNT];
};

/* --- Rules --- */

static void complain(wax_config_report *report, wax_bytes word, const char *text)
{
    wax_config_report_add(report, WAX_CONFIG_ERROR, NULL, 0, "sealed_only %s: %s",
                          wax_config_show(word).text, text);
}

static void add_filter(struct sealed *self, wax_bytes filter, wax_config_report *report)
{
    if (!wax_filter_is_valid(filter)) {
        complain(report, filter, "this is no topic filter: + is a whole level, # the last one");
    } else if (filter.data[0] == '$') {
        complain(report, filter,
                 "topics that begin with $ are the broker's own, which reads what comes there");
    } else if (self->filter_count == SEALED_FILTER_MAX) {
        complain(report, filter, "there are more than 256 filters");
    } else {
        self->filters[self->filter_count++] = (struct filter){filter, (uint16_t)self->rule_count};
    }
}

static void add_rule(struct sealed *self, wax_bytes line, wax_config_report *report)
{
    wax_bytes rest = line;

    if (self->rule_count == SEALED_RULE_MAX) {
        complain(report, line, "there are more than 64 lines");
        return;
    }
    while (rest.size > 0) {
        add_filter(self, wax_config_word(&rest), report);
    }
    self->rules[self->rule_count].text = line;
    atomic_init(&self->rules[self->rule_count].newest, NO_EPOCH);
    self->rule_count++;
}

static struct sealed *make(const char *lines, wax_config_report *report)
{
    struct sealed *self = calloc(1, sizeof *self);
    const char *at;

    wax_assert(self != NULL);
    atomic_init(&self->holders, 1);
    wax_os_random(self->key, sizeof self->key);
    self->text = strdup(lines);
    wax_assert(self->text != NULL);
    for (size_t i = 0; i < SEALED_PART_COUNT; i++) {
        pthread_mutex_init(&self->parts[i].mutex, NULL);
    }
    at = self->text;
    while (*at != '\0') {
        size_t size = strcspn(at, "\n");
        add_rule(self, wax_bytes_of(at, size), report);
        at += size + (at[size] == '\n');
    }
    return self;
}

struct sealed *sealed_make(const wax_config *config, struct sealed *running,
                           wax_config_report *report)
{
    const wax_config_place place = wax_config_place_of(config, NULL, "sealed_only");
    wax_config_report found = {0};
    struct sealed *self;

    if (config->sealed_only == NULL) {
        return NULL;
    }
    if (running != NULL && strcmp(running->text, config->sealed_only) == 0) {
        return sealed_hold(running);
    }
    self = make(config->sealed_only, &found);
    for (size_t i = 0; i < found.count; i++) {
        wax_config_report_add(report, found.problems[i].severity, wax_config_file_of(config, place),
                              place.line, "%s", found.problems[i].text);
    }
    wax_config_report_free(&found);
    return self;
}

struct sealed *sealed_hold(struct sealed *self)
{
    atomic_fetch_add(&self->holders, 1);
    return self;
}

void sealed_release(struct sealed *self)
{
    if (self == NULL || atomic_fetch_sub(&self->holders, 1) != 1) {
        return;
    }
    for (size_t i = 0; i < SEALED_PART_COUNT; i++) {
        pthread_mutex_destroy(&self->parts[i].mutex);
        free(self->parts[i].senders);
    }
    free(self->text);
    free(self);
}

wax_bytes sealed_rule_text(const struct sealed *self, uint16_t rule)
{
    return self->rules[rule].text;
}

/* The first line, of those with a filter that matches; -1: none. */
static int find_rule(const struct sealed *self, wax_bytes topic)
{
    for (size_t i = 0; i < self->filter_count; i++) {
        if (wax_filter_matches(self->filters[i].filter, topic)) {
            return self->filters[i].rule;
        }
    }
    return -1;
}

wax_status sealed_look(const struct sealed *self, wax_bytes topic, wax_bytes payload,
                       struct sealed_seen *seen)
{
    *seen = (struct sealed_seen){.rule = self == NULL ? -1 : find_rule(self, topic)};
    return seen->rule < 0 || wax_seal_look(payload, &seen->face) == WAX_OK ? WAX_OK
                                                                           : WAX_BAD_PAYLOAD_FORMAT;
}

/* --- Senders --- */

static struct sealed_sender *find(const struct part *part, uint32_t bucket, uint16_t rule,
                                  uint32_t sender)
{
    for (uint32_t at = part->buckets[bucket]; at != 0; at = part->senders[at - 1].next) {
        struct sealed_sender *found = &part->senders[at - 1];
        if (found->sender == sender && found->rule == rule) {
            return found;
        }
    }
    return NULL;
}

static bool grow(struct part *part)
{
    const uint32_t size = part->size == 0 ? GROWTH_MIN : part->size * 2;
    struct sealed_sender *senders;

    if (part->count < part->size) {
        return true;
    }
    if (part->size == SEALED_SENDER_MAX) {
        return false;
    }
    senders = realloc(part->senders, size * sizeof *senders);
    if (senders != NULL) {
        part->senders = senders;
        part->size = size;
    }
    return senders != NULL;
}

static struct sealed_sender *find_or_add(struct part *part, uint32_t bucket, uint16_t rule,
                                         uint32_t sender)
{
    struct sealed_sender *found = find(part, bucket, rule, sender);

    if (found == NULL && grow(part)) {
        found = &part->senders[part->count++];
        *found =
            (struct sealed_sender){.next = part->buckets[bucket], .sender = sender, .rule = rule};
        part->buckets[bucket] = part->count;
    }
    return found;
}

/* How far behind the newest epoch of its rule an envelope is; or it has the newest itself. */
static uint8_t lag_of(struct rule *rule, uint8_t epoch)
{
    unsigned newest = atomic_load(&rule->newest);

    while (newest == NO_EPOCH ||
           ((uint8_t)newest != epoch && trail_lag((uint8_t)newest, epoch) == 0)) {
        if (atomic_compare_exchange_weak(&rule->newest, &newest, epoch)) {
            return 0;
        }
    }
    return trail_lag((uint8_t)newest, epoch);
}

static void take_down(struct sealed_sender *sender, const wax_seal_face *face, uint64_t *counts)
{
    trail_step(&sender->trail, face, counts);
    for (size_t i = 0; i < TRAIL_COUNT; i++) {
        sender->counts[i] += counts[i];
    }
}

static void name_client(struct sealed_sender *sender, wax_bytes client)
{
    wax_writer out = wax_writer_over(sender->client, sizeof sender->client);

    client.size = client.size < sizeof sender->client ? client.size : sizeof sender->client;
    wax_write_bytes(&out, client);
    sender->client_size = (uint8_t)out.used;
}

/* Where a sender stands in the table, nobody outside can choose. */
static uint64_t hash_of(const struct sealed *self, const struct sealed_seen *seen)
{
    uint8_t hashed[HASHED_SIZE];
    wax_writer out = wax_writer_over(hashed, sizeof hashed);

    wax_write_u16(&out, (uint16_t)seen->rule);
    wax_write_u32(&out, seen->face.sender);
    return wax_hash(self->key, wax_writer_bytes(&out));
}

bool sealed_note(struct sealed *self, const struct sealed_seen *seen, wax_bytes client,
                 uint64_t now_ms, uint64_t counts[TRAIL_COUNT])
{
    const uint8_t lag = lag_of(&self->rules[seen->rule], seen->face.epoch);
    const uint64_t hash = hash_of(self, seen);
    struct part *part = &self->parts[hash % SEALED_PART_COUNT];
    struct sealed_sender *sender;

    counts[TRAIL_BEHIND] += lag > 0;
    pthread_mutex_lock(&part->mutex);
    sender = find_or_add(part, (uint32_t)(hash / SEALED_PART_COUNT % BUCKET_COUNT),
                         (uint16_t)seen->rule, seen->face.sender);
    if (sender != NULL) {
        take_down(sender, &seen->face, counts);
        name_client(sender, client);
        sender->lag = lag;
        sender->heard_ms = now_ms;
    }
    pthread_mutex_unlock(&part->mutex);
    return sender != NULL;
}

bool sealed_read(struct sealed *self, uint32_t place, struct sealed_sender *sender)
{
    struct part *part = &self->parts[place / SEALED_SENDER_MAX];
    bool is_there;

    pthread_mutex_lock(&part->mutex);
    is_there = place % SEALED_SENDER_MAX < part->count;
    if (is_there) {
        *sender = part->senders[place % SEALED_SENDER_MAX];
    }
    pthread_mutex_unlock(&part->mutex);
    return is_there;
}
