/* The way of wax ctl to the broker: requests go to its control socket, lines of JSON come back. */
#include "tools/ctl_link.h"

#include "broker/broker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* --- Connecting --- */

/* Returns the descriptor, or -1 with errno. */
static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof address.sun_path) {
        close(descriptor);
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (connect(descriptor, (const struct sockaddr *)&address, sizeof address) != 0) {
        int error = errno;
        close(descriptor);
        errno = error;
        return -1;
    }
    return descriptor;
}

static void say_next(int error)
{
    (void)fputs(error == EACCES
                    ? "wax ctl: only root and the account of the broker may: try sudo\n"
                    : "wax ctl: does the broker run? Its log says `control_socket path=...`; give "
                      "that as --socket PATH, or its configuration as -c FILE\n",
                stderr);
}

static bool find_path(const struct ctl_settings *settings, size_t choice, char *path, size_t size)
{
    if (settings->socket != NULL) {
        return choice == 0 && snprintf(path, size, "%s", settings->socket) < (int)size;
    }
    if (settings->config != NULL) {
        return choice == 0 && wax_broker_control_path_of(settings->config, path, size);
    }
    return wax_broker_control_path(NULL, choice, path, size);
}

bool ctl_open(struct ctl_link *link, const struct ctl_settings *settings)
{
    char path[256] = "";
    int error = 0;

    *link = (struct ctl_link){.settings = settings, .descriptor = -1};
    for (size_t i = 0; link->descriptor < 0 && find_path(settings, i, path, sizeof path); i++) {
        link->descriptor = connect_to(path);
        if (link->descriptor < 0) {
            error = errno;
            (void)fprintf(stderr, "wax ctl: cannot reach a broker at %s: %s\n", path,
                          strerror(error));
        }
    }
    link->in = link->descriptor < 0 ? NULL : fdopen(link->descriptor, "r");
    if (link->in == NULL) {
        say_next(error);
    }
    return link->in != NULL;
}

void ctl_close(struct ctl_link *link)
{
    if (link->in != NULL) {
        (void)fclose(link->in);
    }
    free(link->line);
}

/* --- Asking --- */

void ctl_begin(struct ctl_link *link, const char *command)
{
    link->draft = open_memstream(&link->request, &link->request_size);
    if (link->draft == NULL) {
        (void)fputs("wax ctl: there is not enough memory\n", stderr);
        abort();
    }
    (void)fputs(command, link->draft);
}

static bool is_plain(uint8_t letter)
{
    return (letter >= '0' && letter <= '9') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= 'a' && letter <= 'z') || letter == '-' || letter == '_' || letter == '.' ||
           letter == '/' || letter == ',';
}

void ctl_add(struct ctl_link *link, const char *name, wax_bytes value)
{
    (void)fprintf(link->draft, " %s=", name);
    for (size_t i = 0; i < value.size; i++) {
        if (is_plain(value.data[i])) {
            (void)fputc(value.data[i], link->draft);
        } else {
            (void)fprintf(link->draft, "%%%02x", value.data[i]);
        }
    }
}

void ctl_add_text(struct ctl_link *link, const char *name, const char *value)
{
    if (value != NULL) {
        ctl_add(link, name, wax_bytes_of_text(value));
    }
}

void ctl_add_number(struct ctl_link *link, const char *name, uint64_t value)
{
    if (value != 0) {
        (void)fprintf(link->draft, " %s=%llu", name, (unsigned long long)value);
    }
}

static bool send_all(const struct ctl_link *link, wax_bytes bytes)
{
    while (bytes.size > 0) {
        ssize_t sent = send(link->descriptor, bytes.data, bytes.size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return false;
        }
        bytes = wax_bytes_of(bytes.data + (sent < 0 ? 0 : sent),
                             bytes.size - (sent < 0 ? 0 : (size_t)sent));
    }
    return true;
}

static bool send_request(struct ctl_link *link, wax_bytes body)
{
    bool is_sent;

    ctl_add_number(link, "body", body.size);
    (void)fputc('\n', link->draft);
    (void)fclose(link->draft);
    is_sent =
        send_all(link, wax_bytes_of(link->request, link->request_size)) && send_all(link, body);
    free(link->request);
    return is_sent;
}

/* The code of the line that ends an answer; -1: it goes on. */
static int code_of_end(struct ctl_link *link, const json_t *line)
{
    const char *end = json_string_value(json_object_get(line, "end"));
    const char *fault = json_string_value(json_object_get(line, "message"));

    if (end == NULL) {
        return -1;
    }
    if (strcmp(end, "ok") == 0) {
        return 0;
    }
    if (link->keeps_fault) {
        (void)snprintf(link->fault, sizeof link->fault, "%s", fault == NULL ? "" : fault);
    } else {
        (void)fprintf(stderr, "wax ctl: %s\n", fault == NULL ? "" : fault);
    }
    return 1;
}

int ctl_ask(struct ctl_link *link, wax_bytes body, ctl_take *take, void *context)
{
    int code = -1;

    if (!send_request(link, body)) {
        (void)fprintf(stderr, "wax ctl: the broker does not listen: %s\n", strerror(errno));
        link->is_lost = true;
        return 1;
    }
    while (code < 0 && getline(&link->line, &link->line_size, link->in) > 0) {
        json_t *line = json_loads(link->line, JSON_ALLOW_NUL, NULL);

        code = code_of_end(link, line);
        if (code < 0 && link->settings->is_json) {
            (void)fputs(link->line, stdout);
            (void)fflush(stdout);
        } else if (code < 0 && take != NULL) {
            take(context, line);
        }
        json_decref(line);
    }
    if (code < 0) {
        (void)fputs("wax ctl: the broker ended before it had answered\n", stderr);
        link->is_lost = true;
    }
    return code < 0 ? 1 : code;
}
