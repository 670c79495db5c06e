/* The folder of an authority. */
#include "tools/authority_home.h"
#include "access/access.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { KEY_TEXT_MAX = 256, PATIENCE_MS = 5000 };

#define KEY_IN_ENVIRONMENT "WAX_AUTHORITY_KEK"
#define KEY_AS_CREDENTIAL  "wax-authority.kek"

__attribute__((format(printf, 2, 3))) static bool fail(struct authority_home *home,
                                                       const char *format, ...)
{
    va_list values;

    va_start(values, format);
    (void)vsnprintf(home->fault, sizeof home->fault, format, values);
    va_end(values);
    return false;
}

bool authority_home_place(struct authority_home *home, const char *folder)
{
    size_t size = strlen(folder);

    while (size > 1 && folder[size - 1] == '/') {
        size--;
    }
    if (size == 0 || size >= sizeof home->folder - 32) {
        return fail(home, "the path of the folder is empty, or too long");
    }
    (void)snprintf(home->folder, sizeof home->folder, "%.*s", (int)size, folder);
    (void)snprintf(home->file, sizeof home->file, "%s/authority.db", home->folder);
    (void)snprintf(home->socket, sizeof home->socket, "%s/socket", home->folder);
    return true;
}

bool authority_home_make(struct authority_home *home)
{
    if (mkdir(home->folder, S_IRWXU) != 0 && errno != EEXIST) {
        return fail(home, "cannot make the folder %s: %s", home->folder, strerror(errno));
    }
    if (access(home->file, F_OK) == 0) {
        return fail(home, "%s holds an authority already", home->folder);
    }
    if (chmod(home->folder, S_IRWXU) != 0) {
        return fail(home, "cannot keep others out of %s: %s", home->folder, strerror(errno));
    }
    return true;
}

enum home_lock authority_home_lock(struct authority_home *home)
{
    char path[HOME_PATH_SIZE];

    (void)snprintf(path, sizeof path, "%s/lock", home->folder);
    home->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (home->lock < 0) {
        (void)fail(home, "%s: %s%s", path, strerror(errno),
                   errno == ENOENT ? "; `wax keys init` makes an authority, --dir names its folder"
                                   : "");
        return HOME_FAILED;
    }
    if (flock(home->lock, LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;

        (void)close(home->lock);
        (void)fail(home, "%s: %s", path,
                   error == EWOULDBLOCK ? "another process works with this authority"
                                        : strerror(error));
        return error == EWOULDBLOCK ? HOME_BUSY : HOME_FAILED;
    }
    home->is_locked = true;
    return HOME_LOCKED;
}

enum home_lock authority_home_wait(struct authority_home *home)
{
    const uint64_t until_ms = wax_clock_ms() + PATIENCE_MS;
    const struct timespec moment = {.tv_nsec = 50000000L};
    enum home_lock lock = authority_home_lock(home);

    while (lock == HOME_BUSY && wax_clock_ms() < until_ms) {
        (void)nanosleep(&moment, NULL);
        lock = authority_home_lock(home);
    }
    return lock;
}

/* --- The key --- */

/* Takes 32 bytes, or 64 digits with what blanks there are behind them. */
static bool take_key(struct authority_home *home, const char *where, wax_bytes text)
{
    uint8_t room[KEY_TEXT_MAX];
    size_t size = 0;

    if (text.size == sizeof home->key) {
        memcpy(home->key, text.data, sizeof home->key);
        return true;
    }
    while (text.size > 0 && strchr(" \t\r\n", text.data[text.size - 1]) != NULL) {
        text.size--;
    }
    if (text.size != 2 * sizeof home->key ||
        wax_psk_decode(text, sizeof home->key, room, &size) != NULL) {
        return fail(home, "%s: a key is 32 bytes, or 64 hexadecimal digits", where);
    }
    memcpy(home->key, room, sizeof home->key);
    wax_wipe(room, sizeof room);
    return true;
}

static bool read_key(struct authority_home *home, const char *path)
{
    wax_bytes content;
    bool is_taken;

    if (wax_file_read(path, KEY_TEXT_MAX, &content, home->fault, sizeof home->fault) != WAX_OK) {
        return false;
    }
    is_taken = take_key(home, path, content);
    wax_wipe((void *)(uintptr_t)content.data, content.size);
    wax_file_free(&content);
    return is_taken;
}

static bool make_key(struct authority_home *home, const char *path)
{
    char text[2 * WAX_SEAL_KEY_SIZE + 2];
    bool is_written;

    wax_os_random(home->key, sizeof home->key);
    wax_hex_encode(wax_bytes_of(home->key, sizeof home->key), text);
    text[sizeof text - 2] = '\n';
    is_written = wax_file_replace(path, wax_bytes_of(text, sizeof text - 1), home->fault,
                                  sizeof home->fault) == WAX_OK;
    wax_wipe(text, sizeof text);
    return is_written;
}

bool authority_home_key(struct authority_home *home, const char *path, bool makes,
                        char where[static HOME_PATH_SIZE])
{
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    char *text = getenv(KEY_IN_ENVIRONMENT);

    (void)snprintf(where, HOME_PATH_SIZE, "%s%s", path == NULL ? home->folder : path,
                   path == NULL ? ".kek" : "");
    if (path == NULL && credentials != NULL) {
        char place[HOME_PATH_SIZE];

        (void)snprintf(place, sizeof place, "%s/" KEY_AS_CREDENTIAL, credentials);
        if (access(place, F_OK) == 0) {
            memcpy(where, place, sizeof place);
            return read_key(home, where);
        }
    }
    if (path == NULL && text != NULL) {
        const bool is_taken =
            take_key(home, "$" KEY_IN_ENVIRONMENT, wax_bytes_of(text, strlen(text)));

        (void)snprintf(where, HOME_PATH_SIZE, "$" KEY_IN_ENVIRONMENT);
        wax_wipe(text, strlen(text));
        (void)unsetenv(KEY_IN_ENVIRONMENT);
        return is_taken;
    }
    return makes && access(where, F_OK) != 0 ? make_key(home, where) : read_key(home, where);
}

/* --- The authority --- */

static wax_status fill(wax_authority_random *self, void *room, size_t size)
{
    (void)self;
    wax_os_random(room, size);
    return WAX_OK;
}

static wax_authority_options options_of(struct authority_home *home, char *fault)
{
    home->random = (wax_authority_random){fill};
    return (wax_authority_options){home->file, home->key, &home->random, fault};
}

bool authority_home_open(struct authority_home *home)
{
    char fault[WAX_AUTHORITY_FAULT_SIZE];
    const wax_authority_options options = options_of(home, fault);
    const wax_status status = wax_authority_open(&home->authority, &options);

    if (status == WAX_INVALID) {
        return fail(home,
                    "%s: %s; is this the key-encryption key of this authority? --kek names "
                    "another one",
                    home->file, fault);
    }
    return status == WAX_OK || fail(home, "%s: %s", home->file, fault);
}

bool authority_home_found(struct authority_home *home, const wax_authority_deed *deed,
                          const wax_authority_founding *founding)
{
    char fault[WAX_AUTHORITY_FAULT_SIZE];
    const wax_authority_options options = options_of(home, fault);

    return wax_authority_found(&home->authority, &options, deed, founding) == WAX_OK ||
           fail(home, "%s: %s", home->file, fault);
}

void authority_home_close(struct authority_home *home)
{
    wax_authority_close(home->authority);
    if (home->is_locked) {
        (void)close(home->lock);
    }
    wax_wipe(home, sizeof *home);
}

void authority_home_account(unsigned uid, char name[static WAX_KEYS_NAME_MAX + 1])
{
    const struct passwd *account = getpwuid((uid_t)uid);

    if (account != NULL) {
        (void)snprintf(name, WAX_KEYS_NAME_MAX + 1, "%s", account->pw_name);
    } else {
        (void)snprintf(name, WAX_KEYS_NAME_MAX + 1, "uid %u", uid);
    }
}
