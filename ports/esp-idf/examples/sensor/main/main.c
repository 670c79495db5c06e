/* A sensor that tells plant/reading every ten seconds how warm it is: over TLS to the broker, and
 * sealed with Ascon from end to end, so that the broker cannot read it. Its keys come from the
 * authority in a mailbox, under a key of its own that was written to its flash before (namespace
 * "wax", key "psk", 32 bytes; docs/operations.md says how a device gets one). */
#include "member/member.h"
#include "wax_esp_tls.h"

#include <esp_crt_bundle.h>
#include <esp_event.h>
#include <esp_log.h>
#include <esp_netif.h>
#include <esp_random.h>
#include <esp_timer.h>
#include <freertos/FreeRTOS.h>
#include <freertos/task.h>
#include <nvs.h>
#include <nvs_flash.h>
#include <protocol_examples_common.h>
#include <stdalign.h>
#include <stdio.h>

#ifndef BROKER_HOST
#define BROKER_HOST "broker.example.org"
#endif
#ifndef BROKER_PORT
#define BROKER_PORT 8883
#endif
#ifndef PERIOD_MS
#define PERIOD_MS 10000
#endif

static const char *const tag = "sensor";

/* --- What outlives a restart --- */

static nvs_handle_t flash;
static const char *const names[] = {
    [WAX_MEMBER_MARK] = "mark",     [WAX_MEMBER_MAILBOX] = "mailbox", [WAX_MEMBER_COUNT] = "count",
    [WAX_MEMBER_WINDOW] = "window", [WAX_MEMBER_CAME] = "came",
};

static wax_status load(wax_member_store *self, wax_member_record record, const uint8_t *group,
                       uint8_t *room, size_t *size)
{
    esp_err_t error = nvs_get_blob(flash, names[record], room, size);

    (void)self;
    (void)group; /* it is in one */
    if (error == ESP_ERR_NVS_NOT_FOUND) {
        return WAX_NOT_FOUND;
    }
    return error == ESP_OK ? WAX_OK : WAX_IO;
}

static wax_status save(wax_member_store *self, wax_member_record record, const uint8_t *group,
                       wax_bytes value)
{
    (void)self;
    (void)group;
    if (nvs_set_blob(flash, names[record], value.data, value.size) != ESP_OK) {
        return WAX_IO;
    }
    return nvs_commit(flash) == ESP_OK ? WAX_OK : WAX_IO;
}

/* The library asks for it. */
wax_status wax_random(void *room, size_t size)
{
    esp_fill_random(room, size);
    return WAX_OK;
}

/* --- Who it is --- */

static const wax_suite *suite_of(uint32_t number)
{
    return number == 2 ? &wax_suite_ascon : NULL;
}

static wax_member_store store = {load, save};
static const uint8_t name_space[WAX_KEYS_ID_SIZE] = {'h', 'o', 'u', 's', 'e', 'o', 'n', 'e'};
static uint8_t psk[WAX_KEYS_SECRET_SIZE];

static const wax_member_config member_config = {
    .device = {(const uint8_t *)"esp32", 5},
    .prefix = {(const uint8_t *)"wax",   3},
    .name_space = name_space,
    .profile = &wax_keys_ascon,
    .psk = psk,
    .suite = suite_of,
    .store = &store,
    .mailbox_size = 512,
    .message_size = 256,
    .group_count = 1,
    .sender_count = 4,
    .topic_count = 4,
};

static uint8_t receive_room[768], send_room[768], queue_room[1536];
static wax_flow outgoing[4], incoming[4];

static const wax_client_config client_config = {
    .version = WAX_VERSION_5,
    .client_id = {(const uint8_t *)"esp32", 5},
    .session_expiry_s = 3600,
    .keep_alive_s = 60,
    .receive_room = receive_room,
    .receive_size = sizeof receive_room,
    .send_room = send_room,
    .send_size = sizeof send_room,
    .queue_room = queue_room,
    .queue_size = sizeof queue_room,
    .outgoing_slots = outgoing,
    .outgoing_count = WAX_COUNT(outgoing),
    .incoming_slots = incoming,
    .incoming_count = WAX_COUNT(incoming),
};

static wax_client client;
static wax_member *member;
static wax_esp_tls connection;
static bool has_connection;

/* --- What it does --- */

static uint64_t now_ms(void)
{
    return (uint64_t)esp_timer_get_time() / 1000U;
}

static void hang_up(void)
{
    if (has_connection) {
        wax_transport_release(&connection.transport);
    }
    has_connection = false;
}

static void dial(void)
{
    const esp_tls_cfg_t config = {
        .crt_bundle_attach = esp_crt_bundle_attach, .non_block = true, .timeout_ms = 10000};

    has_connection = wax_esp_tls_dial(&connection, BROKER_HOST, BROKER_PORT, &config) == WAX_OK;
    if (!has_connection || wax_client_attach(&client, &connection.transport, now_ms()) != WAX_OK) {
        hang_up();
        wax_client_detach(&client, now_ms());
    }
}

/* A board asks its hardware. */
static int measure(void)
{
    static int value = 20;

    return value++;
}

static void tell(void)
{
    static uint8_t bytes[WAX_MEMBER_ROOM(32, 0, 32)];
    wax_writer room = wax_writer_over(bytes, sizeof bytes);
    char text[12];
    wax_publish message = {.topic = WAX_TEXT("plant/reading"), .qos = 1};
    const wax_member_draft draft = {.message = &message, .room = &room};
    uint32_t token;
    wax_status status;

    snprintf(text, sizeof text, "%d", measure());
    message.payload = wax_bytes_of_text(text);
    status = wax_member_publish(member, &client, &draft, &token);
    if (status != WAX_OK) { /* nothing was sent, least of all unsealed */
        ESP_LOGW(tag, "%s is not told: %s", text, wax_status_text(status));
    }
}

static void handle(const wax_member_event *event)
{
    switch (event->type) {
    case WAX_MEMBER_KEYS:
        ESP_LOGI(tag, "the keys have come");
        break;
    case WAX_MEMBER_BAD_MAILBOX:
        ESP_LOGE(tag, "a mailbox is not taken: %s", wax_status_text(event->status));
        break;
    case WAX_MEMBER_OTHER:
        if (event->client.type == WAX_CLIENT_WANTS_CONNECTION) {
            dial();
        } else if (event->client.type == WAX_CLIENT_REFUSED ||
                   event->client.type == WAX_CLIENT_DISCONNECTED) {
            ESP_LOGW(tag, "the connection ends: %s",
                     wax_status_text((wax_status)event->client.status));
            hang_up();
        } else if (event->client.type == WAX_CLIENT_DELIVERED) {
            ESP_LOGI(tag, "delivered");
        }
        break;
    case WAX_MEMBER_MESSAGE:
    case WAX_MEMBER_LATE:
    case WAX_MEMBER_DROPPED:
        break;
    }
}

static bool open_member(void)
{
    static alignas(max_align_t) uint8_t memory[24576];
    uint8_t nonce[WAX_KEYS_ID_SIZE];
    size_t size = sizeof psk;

    esp_fill_random(nonce, sizeof nonce);
    return nvs_open("wax", NVS_READWRITE, &flash) == ESP_OK &&
           nvs_get_blob(flash, "psk", psk, &size) == ESP_OK && size == sizeof psk &&
           wax_member_open(&member, &member_config, nonce, memory, sizeof memory) == WAX_OK;
}

void app_main(void)
{
    uint64_t next_ms = 0;
    wax_member_event event;

    ESP_ERROR_CHECK(nvs_flash_init());
    ESP_ERROR_CHECK(esp_netif_init());
    ESP_ERROR_CHECK(esp_event_loop_create_default());
    ESP_ERROR_CHECK(example_connect());
    if (!open_member() ||
        wax_client_open(&client, &client_config, esp_random(), now_ms()) != WAX_OK) {
        ESP_LOGE(tag, "there is no key, or what was written down is damaged");
        return;
    }
    for (;;) {
        while (wax_member_poll(member, &client, now_ms(), 0, &event)) {
            handle(&event);
        }
        if (now_ms() >= next_ms && wax_member_has_keys(member)) {
            next_ms = now_ms() + PERIOD_MS;
            tell();
        }
        vTaskDelay(pdMS_TO_TICKS(20));
    }
}
