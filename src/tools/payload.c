/* The payload of a message, from wherever it comes. */
#include "tools/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* MQTT's largest packet, less a little for the topic. */
#define PAYLOAD_MAX ((size_t)WAX_VARINT_MAX)

static bool grow(struct payload *payload, size_t *capacity)
{
    size_t wanted = *capacity == 0 ? 65536 : 2 * *capacity;
    void *room = realloc(payload->room, wanted);

    if (room == NULL) {
        return false;
    }
    payload->room = room;
    *capacity = wanted;
    return true;
}

static bool read_all(struct payload *payload, int descriptor)
{
    size_t capacity = 0;
    size_t used = 0;
    ssize_t got = 1;

    while (got > 0) {
        if (used == capacity && !grow(payload, &capacity)) {
            return false;
        }
        got = read(descriptor, (uint8_t *)payload->room + used, capacity - used);
        used += got > 0 ? (size_t)got : 0;
        if (used > PAYLOAD_MAX) {
            errno = EFBIG;
            return false;
        }
    }
    payload->bytes = wax_bytes_of(payload->room, used);
    return got == 0;
}

/* A plain file is sent from where it lies: it may be larger than what memory should be spent on. */
static bool read_file(struct payload *payload, int descriptor)
{
    struct stat about;
    void *mapped;

    if (fstat(descriptor, &about) != 0) {
        return false;
    }
    if (!S_ISREG(about.st_mode) || about.st_size == 0) {
        return read_all(payload, descriptor);
    }
    if ((unsigned long long)about.st_size > PAYLOAD_MAX) {
        errno = EFBIG;
        return false;
    }
    mapped = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (mapped == MAP_FAILED) {
        return read_all(payload, descriptor);
    }
    payload->mapped_size = (size_t)about.st_size;
    payload->bytes = wax_bytes_of(mapped, payload->mapped_size);
    return true;
}

static bool open_file(struct payload *payload, const struct settings *settings)
{
    int descriptor = open(settings->file, O_RDONLY | O_CLOEXEC);
    bool is_read = descriptor >= 0 && read_file(payload, descriptor);
    int error = errno;

    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    if (!is_read) {
        return tools_complain(settings, "%s cannot be sent: %s", settings->file,
                              error == EFBIG ? "MQTT carries at most 256 MB at once"
                                             : strerror(error));
    }
    return true;
}

bool tools_payload_open(struct payload *payload, const struct settings *settings)
{
    *payload = (struct payload){0};
    if (settings->source == FROM_FILE) {
        return open_file(payload, settings);
    }
    if (settings->source == FROM_STDIN) {
        return read_all(payload, STDIN_FILENO) ||
               tools_complain(settings, "the standard input cannot be sent: %s", strerror(errno));
    }
    if (settings->source == FROM_MESSAGE) {
        payload->bytes = wax_bytes_of_text(settings->message);
    }
    return true;
}

void tools_payload_close(struct payload *payload)
{
    if (payload->mapped_size > 0) {
        (void)munmap((void *)(uintptr_t)payload->bytes.data, payload->mapped_size);
    }
    free(payload->room);
    *payload = (struct payload){0};
}
