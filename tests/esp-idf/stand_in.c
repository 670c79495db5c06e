/* What ESP-IDF does, with what the host has. */
#include "stand_in.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct esp_tls {
    int descriptor;
};

esp_tls_t *esp_tls_init(void)
{
    esp_tls_t *tls = calloc(1, sizeof *tls);

    tls->descriptor = -1;
    return tls;
}

int esp_tls_conn_new_sync(const char *host, int host_size, int port, const esp_tls_cfg_t *config,
                          esp_tls_t *tls)
{
    char service[8];
    struct addrinfo *found = NULL;

    (void)host_size;
    (void)config;
    snprintf(service, sizeof service, "%d", port);
    if (getaddrinfo(host, service, NULL, &found) != 0) {
        return -1;
    }
    tls->descriptor = socket(found->ai_family, SOCK_STREAM, 0);
    int error = connect(tls->descriptor, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    fcntl(tls->descriptor, F_SETFL, O_NONBLOCK);
    return error == 0 ? 1 : -1;
}

ssize_t esp_tls_conn_read(esp_tls_t *tls, void *room, size_t size)
{
    ssize_t count = recv(tls->descriptor, room, size, 0);

    return count < 0 && errno == EAGAIN ? ESP_TLS_ERR_SSL_WANT_READ : count;
}

ssize_t esp_tls_conn_write(esp_tls_t *tls, const void *bytes, size_t size)
{
    ssize_t count = send(tls->descriptor, bytes, size, MSG_NOSIGNAL);

    return count < 0 && errno == EAGAIN ? ESP_TLS_ERR_SSL_WANT_WRITE : count;
}

int esp_tls_conn_destroy(esp_tls_t *tls)
{
    if (tls->descriptor >= 0) {
        close(tls->descriptor);
    }
    free(tls);
    return 0;
}

esp_err_t esp_crt_bundle_attach(void *config)
{
    (void)config;
    return ESP_OK;
}

esp_err_t nvs_flash_init(void)
{
    return ESP_OK;
}

esp_err_t nvs_open(const char *name_space, nvs_open_mode_t mode, nvs_handle_t *handle)
{
    (void)name_space;
    (void)mode;
    *handle = 1;
    return ESP_OK;
}

esp_err_t nvs_get_blob(nvs_handle_t handle, const char *key, void *room, size_t *size)
{
    FILE *file = fopen(key, "rb");

    (void)handle;
    if (file == NULL) {
        return ESP_ERR_NVS_NOT_FOUND;
    }
    *size = fread(room, 1, *size, file);
    fclose(file);
    return ESP_OK;
}

esp_err_t nvs_set_blob(nvs_handle_t handle, const char *key, const void *bytes, size_t size)
{
    FILE *file = fopen(key, "wb");
    size_t written = file == NULL ? 0 : fwrite(bytes, 1, size, file);

    (void)handle;
    return file != NULL && fclose(file) == 0 && written == size ? ESP_OK : ESP_FAIL;
}

esp_err_t nvs_commit(nvs_handle_t handle)
{
    (void)handle;
    return ESP_OK;
}

esp_err_t esp_netif_init(void)
{
    return ESP_OK;
}

esp_err_t esp_event_loop_create_default(void)
{
    return ESP_OK;
}

esp_err_t example_connect(void)
{
    return ESP_OK;
}

int64_t esp_timer_get_time(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void esp_fill_random(void *room, size_t size)
{
    if (getrandom(room, size, 0) != (ssize_t)size) {
        abort();
    }
}

uint32_t esp_random(void)
{
    uint32_t number;

    esp_fill_random(&number, sizeof number);
    return number;
}

void vTaskDelay(uint32_t ticks)
{
    usleep(ticks * 1000U);
}

int main(void)
{
    app_main();
    return EXIT_FAILURE; /* a sensor does not end */
}
