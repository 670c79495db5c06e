/* A client on this host: the client room with a socket, TLS, a clock and an exit code. */
#include "tools/link.h"
#include "tools/scram.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access/access.h"

enum {
    RECEIVE_SIZE = 512 * 1024, /* topic and properties of a message fit in any case */
    SEND_SIZE = 128 * 1024,    /* and beside it what the settings hold */
    ALIAS_SIZE = 256 * 1024,
    INCOMING_COUNT = 2048,
    BACK_OFF_MAX_MS = 30000,
};

/* --- Making it --- */

wax_status tools_link_make_tls(const struct settings *settings, wax_tls_context **context,
                               wax_problem *problem)
{
    wax_tls_settings wanted = {
        .certfile = settings->cert,
        .keyfile = settings->key,
        .passphrase_file = settings->passphrase_file,
        .cafile = settings->cafile,
        .capath = settings->capath,
        .ciphers = settings->ciphers,
        .trusts_os = settings->use_os_certs,
        .ignores_host = settings->ignores_host,
        .alpn = settings->alpn,
        .psk_identity = settings->psk_identity,
        .keylog = settings->keylog,
    };
    uint8_t key[WAX_PSK_KEY_MAX];
    wax_status status;

    if (settings->psk != NULL) {
        wanted.psk_key.data = key; /* that it can be decoded was seen before */
        (void)wax_psk_decode(wax_bytes_of_text(settings->psk), 1, key, &wanted.psk_key.size);
    }
    if (settings->keylog != NULL) {
        tools_say(settings, "WARNING: whoever reads %s reads all that this connection says",
                  settings->keylog);
    }
    if (settings->tls_version != NULL) {
        wanted.oldest_version =
            strcmp(settings->tls_version, "tlsv1.2") == 0 ? WAX_TLS_1_2 : WAX_TLS_1_3;
    }
    status = wax_tls_make_client(&wanted, context, problem);
    wax_wipe(key, sizeof key);
    return status;
}

/* The client id: as given, or one that nobody else has. MQTT 3.1.1 and 5 let the broker choose. */
static void choose_id(struct link *link)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
    const struct settings *settings = link->settings;
    uint8_t random[18];

    if (settings->client_id != NULL) {
        link->config.client_id = wax_bytes_of_text(settings->client_id);
        return;
    }
    if (settings->id_prefix != NULL) {
        (void)snprintf(link->id, sizeof link->id, "%.40s%ld", settings->id_prefix, (long)getpid());
    } else if (settings->version == WAX_VERSION_3_1) {
        wax_os_random(random, sizeof random);
        memcpy(link->id, "wax-", 4);
        for (size_t i = 0; i < sizeof random; i++) {
            link->id[4 + i] = letters[random[i] % 32];
        }
    }
    link->config.client_id = wax_bytes_of_text(link->id);
}

static size_t size_of_texts(const struct texts *texts)
{
    size_t size = 0;

    for (size_t i = 0; i < texts->count; i++) {
        size += strlen(texts->items[i]) + 16;
    }
    return size;
}

/* What the largest packet may need beside a PUBLISH's payload. */
static size_t send_size(const struct settings *settings)
{
    size_t size =
        SEND_SIZE + size_of_texts(&settings->topics) + size_of_texts(&settings->unsubscribes) +
        wax_bytes_of_text(settings->will_payload).size +
        wax_bytes_of_text(settings->will_topic).size + wax_bytes_of_text(settings->client_id).size +
        wax_bytes_of_text(settings->username).size + wax_bytes_of_text(settings->password).size;

    for (size_t i = 0; i < OF_COUNT; i++) {
        size += settings->properties_size[i];
    }
    return size;
}

static bool make_rooms(struct link *link, size_t queue_size)
{
    wax_client_config *config = &link->config;
    const struct settings *settings = link->settings;
    size_t sending = send_size(settings);
    size_t slots;
    uint8_t *at;

    config->outgoing_count = (uint16_t)(settings->inflight == 0 ? 65535 : settings->inflight);
    config->incoming_count =
        (uint16_t)(settings->receive_maximum == 0 ? INCOMING_COUNT : settings->receive_maximum);
    slots = ((size_t)config->outgoing_count + config->incoming_count) * sizeof(wax_flow);
    link->rooms = malloc(slots + RECEIVE_SIZE + sending + queue_size + ALIAS_SIZE);
    if (link->rooms == NULL) {
        return tools_complain(settings, "there is not enough memory");
    }
    config->outgoing_slots = (void *)link->rooms;
    config->incoming_slots = config->outgoing_slots + config->outgoing_count;
    at = link->rooms + slots;
    config->receive_room = at;
    config->receive_size = RECEIVE_SIZE;
    config->send_room = at + RECEIVE_SIZE;
    config->send_size = sending;
    config->queue_room = at + RECEIVE_SIZE + sending;
    config->queue_size = queue_size;
    config->alias_room = at + RECEIVE_SIZE + sending + queue_size;
    config->alias_size = ALIAS_SIZE;
    config->alias_maximum = (uint16_t)settings->alias_maximum;
    return true;
}

static void make_config(struct link *link)
{
    const struct settings *settings = link->settings;

    link->will = (wax_will){
        .topic = wax_bytes_of_text(settings->will_topic),
        .payload = wax_bytes_of_text(settings->will_payload),
        .properties = tools_settings_properties(settings, OF_WILL),
        .qos = (uint8_t)settings->will_qos,
        .retain = settings->will_retain,
    };
    link->config = (wax_client_config){
        .version = settings->version,
        .username = wax_bytes_of_text(settings->username),
        .password = wax_bytes_of_text(settings->uses_scram ? "" : settings->password),
        .will = settings->will_topic != NULL ? &link->will : NULL,
        .properties = tools_settings_properties(settings, OF_CONNECT),
        .end_properties = tools_settings_properties(settings, OF_DISCONNECT),
        .session_expiry_s = settings->session_expiry_s,
        .keep_alive_s = (uint16_t)settings->keep_alive_s,
        .clean_start = !settings->keeps_session,
        .acknowledges = settings->seal == NULL,
        .streams = settings->seal == NULL,
        .packet_size_max = settings->packet_size_max,
        .back_off_max_ms = BACK_OFF_MAX_MS,
    };
}

bool tools_link_open(struct link *link, const struct settings *settings, size_t queue_size)
{
    wax_problem problem;
    uint32_t seed;

    *link = (struct link){.settings = settings, .wake_ms = WAX_NEVER, .input = -1};
    make_config(link);
    choose_id(link);
    if (tools_settings_use_tls(settings) &&
        tools_link_make_tls(settings, &link->tls, &problem) != WAX_OK) {
        return tools_complain(settings, "%s", problem.text);
    }
    if (!make_rooms(link, queue_size)) {
        return false;
    }
    if (settings->uses_scram && (link->scram = tools_scram_open(settings)) == NULL) {
        return tools_complain(settings, "there is not enough memory");
    }
    if (settings->seal != NULL) {
        link->sealed =
            tools_sealed_open(settings->seal, SEALED_MESSAGES, link->fault, sizeof link->fault);
        if (link->sealed == NULL) {
            return tools_complain(settings, "--seal %s", link->fault);
        }
    }
    wax_os_random(&seed, sizeof seed);
    if (wax_client_open(&link->client, &link->config, seed, wax_clock_ms()) != WAX_OK) {
        return tools_complain(settings, "the properties of CONNECT are too large");
    }
    return true;
}

void tools_link_hang_up(struct link *link)
{
    if (link->transport != NULL) {
        wax_transport_release(link->transport);
        link->transport = NULL;
        link->secured = NULL;
    }
}

void tools_link_close(struct link *link)
{
    tools_link_hang_up(link);
    wax_tls_release(link->tls);
    tools_scram_close(link->scram);
    tools_sealed_close(link->sealed);
    if (link->rooms != NULL) {
        wax_wipe(link->config.send_room, link->config.send_size); /* CONNECT with its password */
    }
    free(link->rooms);
    link->tls = NULL;
    link->scram = NULL;
    link->sealed = NULL;
    link->rooms = NULL;
}
