/* A stand-in for ESP-IDF, for its example as a program of the host: what the example and the
 * component call, and no more, with names and values as its documentation has them. It is written
 * for the tests, and is not Espressif's. What is TLS there is a bare socket here. */
#ifndef STAND_IN_H
#define STAND_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

typedef int esp_err_t;
#define ESP_OK                     0
#define ESP_FAIL                   (-1)
#define ESP_ERR_NVS_NOT_FOUND      0x1102
#define ESP_TLS_ERR_SSL_WANT_READ  (-0x6900)
#define ESP_TLS_ERR_SSL_WANT_WRITE (-0x6880)

#define ESP_ERROR_CHECK(call) ((call) == ESP_OK ? (void)0 : abort())
#define ESP_LOG(tag, ...)     (printf("%s: ", tag), printf(__VA_ARGS__), putchar('\n'), fflush(stdout))
#define ESP_LOGI              ESP_LOG
#define ESP_LOGW              ESP_LOG
#define ESP_LOGE              ESP_LOG
#define pdMS_TO_TICKS(ms)     (ms)

typedef struct esp_tls esp_tls_t;
typedef struct esp_tls_cfg {
    bool non_block;
    int timeout_ms;
    esp_err_t (*crt_bundle_attach)(void *config);
} esp_tls_cfg_t;

/* esp-tls: a bare socket. */
esp_tls_t *esp_tls_init(void);
int esp_tls_conn_new_sync(const char *host, int host_size, int port, const esp_tls_cfg_t *config,
                          esp_tls_t *tls);
ssize_t esp_tls_conn_read(esp_tls_t *tls, void *room, size_t size);
ssize_t esp_tls_conn_write(esp_tls_t *tls, const void *bytes, size_t size);
int esp_tls_conn_destroy(esp_tls_t *tls);
esp_err_t esp_crt_bundle_attach(void *config);

/* Flash: a file for each key, in the folder where the program runs. */
typedef uint32_t nvs_handle_t;
typedef enum { NVS_READONLY, NVS_READWRITE } nvs_open_mode_t;
esp_err_t nvs_flash_init(void);
esp_err_t nvs_open(const char *name_space, nvs_open_mode_t mode, nvs_handle_t *handle);
esp_err_t nvs_get_blob(nvs_handle_t handle, const char *key, void *room, size_t *size);
esp_err_t nvs_set_blob(nvs_handle_t handle, const char *key, const void *bytes, size_t size);
esp_err_t nvs_commit(nvs_handle_t handle);

/* The network is there, time passes, and randomness is the host's. */
esp_err_t esp_netif_init(void);
esp_err_t esp_event_loop_create_default(void);
esp_err_t example_connect(void);
int64_t esp_timer_get_time(void);
void esp_fill_random(void *room, size_t size);
uint32_t esp_random(void);
void vTaskDelay(uint32_t ticks);

/* The program. */
void app_main(void);

#endif
