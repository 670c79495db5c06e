/* Secrets in memory, at the terminal and in files that are replaced as a whole. */
#include "tools/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

bool wax_secret_complain(const char *format, ...)
{
    va_list rest;

    va_start(rest, format);
    (void)fputs("wax passwd: ", stderr);
    (void)vfprintf(stderr, format, rest);
    (void)fputs("\n", stderr);
    va_end(rest);
    return false;
}

enum {
    LINE_MAX_SIZE = 65535, /* no MQTT password is longer */
};

static bool reserve(wax_secret *text, size_t more)
{
    size_t capacity = 2 * (text->size + more) + 256;
    uint8_t *data;

    if (more <= text->capacity - text->size) {
        return true;
    }
    data = malloc(capacity);
    if (data == NULL) {
        return wax_secret_complain("there is not enough memory");
    }
    if (text->size > 0) {
        memcpy(data, text->data, text->size);
        wax_wipe(text->data, text->size);
    }
    free(text->data);
    text->data = data;
    text->capacity = capacity;
    return true;
}

bool wax_secret_append(wax_secret *text, wax_bytes bytes)
{
    if (!reserve(text, bytes.size)) {
        return false;
    }
    if (bytes.size > 0) {
        wax_assert(text->data != NULL); /* there is room for it */
        memcpy(text->data + text->size, bytes.data, bytes.size);
        text->size += bytes.size;
    }
    return true;
}

void wax_secret_discard(wax_secret *text)
{
    if (text->data != NULL) {
        wax_wipe(text->data, text->size);
    }
    free(text->data);
    *text = (wax_secret){0};
}

wax_bytes wax_secret_bytes(const wax_secret *text)
{
    return wax_bytes_of(text->data, text->size);
}

static volatile sig_atomic_t caught;

static void note_signal(int signal_number)
{
    caught = signal_number;
}

/* Signals may come while it waits and at no other time, so that none is missed: `mask` lets them.
 */
static ssize_t read_character(uint8_t *character, const sigset_t *mask)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

    return ppoll(&input, 1, NULL, mask) > 0 ? read(STDIN_FILENO, character, 1) : -1;
}

/* Reads one line without its end; false at the end of input, or when a signal came. */
static bool read_password_line(wax_secret *line, const sigset_t *mask)
{
    uint8_t character = 0;
    ssize_t got = read_character(&character, mask);

    while (got == 1 && character != '\n' && line->size <= LINE_MAX_SIZE) {
        if (!wax_secret_append(line, wax_bytes_of(&character, 1))) {
            return false;
        }
        got = read_character(&character, mask);
    }
    return got == 1 || (got == 0 && line->size > 0);
}

/* Signals that end the program, while the terminal shows nothing. */
struct watch {
    sigset_t mask; /* before; those that end the program are let through */
    struct sigaction before[4];
};

static const int endings[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static void begin_watch(struct watch *watch)
{
    struct sigaction handler = {.sa_handler = note_signal};
    sigset_t held;

    (void)sigemptyset(&held);
    for (size_t i = 0; i < WAX_COUNT(endings); i++) {
        (void)sigaddset(&held, endings[i]);
        (void)sigaction(endings[i], &handler, &watch->before[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &held, &watch->mask);
    for (size_t i = 0; i < WAX_COUNT(endings); i++) {
        (void)sigdelset(&watch->mask, endings[i]);
    }
}

static void end_watch(const struct watch *watch)
{
    for (size_t i = 0; i < WAX_COUNT(endings); i++) {
        (void)sigaction(endings[i], &watch->before[i], NULL);
    }
    (void)sigprocmask(SIG_SETMASK, &watch->mask, NULL);
    if (caught != 0) {
        (void)raise(caught);
    }
}

/* Asks at the terminal, which shows nothing meanwhile. A signal leaves the terminal as it was. */
static bool ask(const char *question, wax_secret *answer)
{
    struct watch watch;
    struct termios shown;
    struct termios hidden;
    bool is_read;

    if (tcgetattr(STDIN_FILENO, &shown) != 0) {
        return wax_secret_complain("the terminal does not answer: %s", strerror(errno));
    }
    begin_watch(&watch);
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    (void)fputs(question, stderr);
    is_read = read_password_line(answer, &watch.mask);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    (void)fputs("\n", stderr);
    end_watch(&watch);
    return is_read;
}

bool wax_secret_ask(wax_secret *password)
{
    wax_secret again = {0};
    bool is_terminal = isatty(STDIN_FILENO) != 0;
    bool is_read = is_terminal ? ask("Password: ", password) && ask("The same again: ", &again)
                               : read_password_line(password, NULL);

    if (!is_read) {
        (void)wax_secret_complain("no password was given");
    } else if (is_terminal &&
               !wax_bytes_equal(wax_secret_bytes(password), wax_secret_bytes(&again))) {
        is_read = wax_secret_complain("the two passwords differ: try again");
    }
    wax_secret_discard(&again);
    return is_read;
}

static bool read_all(int descriptor, wax_secret *text, size_t size_max)
{
    ssize_t got = 1;

    while (got > 0) {
        if (text->size > size_max) {
            errno = EFBIG;
            return false;
        }
        if (!reserve(text, 65536)) {
            return false;
        }
        got = read(descriptor, text->data + text->size, text->capacity - text->size);
        text->size += got > 0 ? (size_t)got : 0;
    }
    return got == 0;
}

bool wax_secret_read_file(wax_secret *text, const char *file, size_t size_max)
{
    int descriptor = open(file, O_RDONLY | O_CLOEXEC);
    bool is_read = descriptor >= 0 && read_all(descriptor, text, size_max);

    if (!is_read) {
        (void)wax_secret_complain("%s cannot be read: %s%s", file, strerror(errno),
                                  errno == ENOENT ? "; -c makes a new file" : "");
    }
    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    return is_read;
}

static bool write_all(int descriptor, wax_bytes text)
{
    while (text.size > 0) {
        ssize_t put = write(descriptor, text.data, text.size);

        if (put < 0) {
            return false;
        }
        text = wax_bytes_of(text.data + put, text.size - (size_t)put);
    }
    return true;
}

/* Gives the new file the owner and mode of the old one; without an old one, it is the caller's
 * alone. */
static bool dress(int descriptor, const char *file)
{
    struct stat old;

    if (stat(file, &old) != 0) {
        return errno == ENOENT;
    }
    if (!S_ISREG(old.st_mode)) { /* a device is not to be replaced */
        errno = EINVAL;
        return false;
    }
    return fchown(descriptor, old.st_uid, old.st_gid) == 0 &&
           fchmod(descriptor, old.st_mode & 07777) == 0;
}

/* Makes the renaming last through a power cut. */
static bool sync_folder(const char *file)
{
    char *copy = strdup(file);
    int descriptor = copy == NULL ? -1 : open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = descriptor >= 0 && fsync(descriptor) == 0;

    if (descriptor >= 0) {
        (void)close(descriptor);
    }
    free(copy);
    return is_synced;
}

/* Writes beside the file, then puts it in its place: a reader sees the old or the new, whole. */
static bool replace(const char *file, wax_bytes text)
{
    char *beside = NULL;
    int descriptor = -1;
    bool is_written = false;

    if (asprintf(&beside, "%s.XXXXXX", file) < 0) {
        return wax_secret_complain("there is not enough memory");
    }
    descriptor = mkstemp(beside);
    if (descriptor >= 0) {
        is_written =
            dress(descriptor, file) && write_all(descriptor, text) && fsync(descriptor) == 0;
        is_written = close(descriptor) == 0 && is_written;
        is_written = is_written && rename(beside, file) == 0;
    }
    if (!is_written) {
        (void)wax_secret_complain("%s cannot be written: %s; it must be a plain file, and whoever "
                                  "writes it must be allowed "
                                  "to make files in its folder and to keep its owner",
                                  file, strerror(errno));
        if (descriptor >= 0) {
            (void)unlink(beside);
        }
    }
    free(beside);
    if (is_written && !sync_folder(file)) {
        return wax_secret_complain("%s is written, but not yet safe from a power cut: %s", file,
                                   strerror(errno));
    }
    return is_written;
}

/* Follows links, so that the file is replaced and not the link to it. */
bool wax_secret_write_file(const char *file, wax_bytes text)
{
    char *target;
    bool is_written;

    if (strcmp(file, "-") == 0) {
        return write_all(STDOUT_FILENO, text);
    }
    target = realpath(file, NULL);
    is_written = replace(target == NULL ? file : target, text);
    free(target);
    return is_written;
}
