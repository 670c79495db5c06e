/* The key of the store is read once, before root is given up, and forgotten when the store has it.
 */
#include "broker/store_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/access.h"

#define NAME_IN_ENVIRONMENT "WAX_STORE_KEY"
#define NAME_OF_CREDENTIAL  "wax.key"
#define HINT                "`openssl rand -hex 32` makes one"

enum { DIGIT_COUNT = 2 * STORE_KEY_SIZE, TEXT_SIZE = 256, PATH_SIZE = 4200 };

static wax_status fail(struct store_key *key, const char *where, const char *why)
{
    snprintf(key->fault, sizeof key->fault, "no key of the store in %s: %s", where, why);
    return WAX_INVALID;
}

static bool is_space(uint8_t letter)
{
    return letter == '\n' || letter == '\r' || letter == ' ' || letter == '\t';
}

static wax_status take_digits(struct store_key *key, const char *where, wax_bytes text)
{
    uint8_t room[DIGIT_COUNT];
    const char *reason = NULL;
    size_t size = 0;

    while (text.size > 0 && is_space(text.data[text.size - 1])) {
        text.size--;
    }
    if (text.size != DIGIT_COUNT) {
        return fail(key, where, "it is not 64 hexadecimal digits, nor 32 bytes; " HINT);
    }
    reason = wax_psk_decode(text, STORE_KEY_SIZE, room, &size);
    if (reason == NULL) {
        memcpy(key->bytes, room, sizeof key->bytes);
        key->is_given = true;
    }
    wax_wipe(room, sizeof room);
    return reason == NULL ? WAX_OK : fail(key, where, reason);
}

static wax_status take(struct store_key *key, const char *where, wax_bytes text)
{
    if (text.size != STORE_KEY_SIZE) {
        return take_digits(key, where, text);
    }
    memcpy(key->bytes, text.data, sizeof key->bytes);
    key->is_given = true;
    return WAX_OK;
}

/* Reads to the end of the file; one byte more than `room` is too much for a key anyway. */
static ssize_t read_all(int file, uint8_t *room, size_t size)
{
    size_t used = 0;
    ssize_t taken = 1;

    while (taken > 0 && used < size) {
        taken = read(file, room + used, size - used);
        used += taken > 0 ? (size_t)taken : 0;
    }
    return taken < 0 ? -1 : (ssize_t)used;
}

wax_status store_key_read(struct store_key *key, const char *path)
{
    uint8_t room[TEXT_SIZE];
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    wax_status status = WAX_INVALID;
    ssize_t size;

    *key = (struct store_key){.is_given = false};
    if (file < 0) {
        return fail(key, path, strerror(errno));
    }
    size = read_all(file, room, sizeof room);
    status = size < 0 ? fail(key, path, strerror(errno))
                      : take(key, path, wax_bytes_of(room, (size_t)size));
    wax_wipe(room, sizeof room);
    close(file);
    return status;
}

static bool find_credential(char *path, size_t size)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");

    return folder != NULL && folder[0] == '/' &&
           snprintf(path, size, "%s/" NAME_OF_CREDENTIAL, folder) < (int)size &&
           access(path, F_OK) == 0;
}

static void forget_environment(void)
{
    char *text = getenv(NAME_IN_ENVIRONMENT);

    if (text != NULL) {
        wax_wipe(text, strlen(text));
        (void)unsetenv(NAME_IN_ENVIRONMENT);
    }
}

wax_status store_key_find(struct store_key *key, const char *path)
{
    const char *text = getenv(NAME_IN_ENVIRONMENT);
    wax_status status = WAX_OK;
    char credential[PATH_SIZE];

    *key = (struct store_key){.is_given = false};
    if (path != NULL) {
        status = store_key_read(key, path);
    } else if (find_credential(credential, sizeof credential)) {
        status = store_key_read(key, credential);
    } else if (text != NULL) {
        status = take_digits(key, "$" NAME_IN_ENVIRONMENT, wax_bytes_of_text(text));
    }
    forget_environment();
    return status;
}

bool wax_broker_store_key(const char *path, uint8_t room[static WAX_BROKER_STORE_KEY_SIZE],
                          wax_bytes *key, char fault[static WAX_BROKER_STORE_FAULT_SIZE])
{
    struct store_key found = {.is_given = false};
    bool is_good = store_key_find(&found, path) == WAX_OK;

    memcpy(room, found.bytes, sizeof found.bytes);
    memcpy(fault, found.fault, sizeof found.fault);
    *key = wax_bytes_of(room, is_good && found.is_given ? sizeof found.bytes : 0);
    wax_wipe(&found, sizeof found);
    return is_good;
}
