/* Files that change: a thread that is told of events in their folders, and then looks for itself.
 * Whatever replaces a file (a rename, a link that is turned) makes an event in its folder. */
#include "os/os.h"

#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    QUIET_MS = 1000,   /* a change is told when it is over */
    HURRY_MS = 5000,   /* but then at the latest */
    PATROL_MS = 60000, /* for what makes no event: a network's files, links behind links */
    EVENTS = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_MOVE_SELF |
             IN_DELETE_SELF,
};

/* By what a file is known to be the same. */
struct mark {
    dev_t device;
    ino_t number;
    off_t size;
    mode_t mode;
    struct timespec written;
};

struct file {
    char *path;
    struct mark mark;
};

struct wax_lookout {
    pthread_t thread;
    pthread_mutex_t mutex; /* over what follows */
    struct file *files;
    size_t count;
    uint64_t first_ms; /* when a change that is not told was seen first; 0: there is none */
    uint64_t last_ms;
    char *changed_path; /* of the last */
    bool is_new;        /* other files than the thread watches */
    bool is_stopping;
    int inotify; /* the thread's; -1: none */
    int wake;
    void (*changed)(void *context, const char *path);
    void *context;
};

static bool is_same(const struct mark *one, const struct mark *other)
{
    return one->device == other->device && one->number == other->number &&
           one->size == other->size && one->mode == other->mode &&
           one->written.tv_sec == other->written.tv_sec &&
           one->written.tv_nsec == other->written.tv_nsec;
}

/* A file that is not there keeps its mark: it is not read before there is another. */
static bool look(struct file *file)
{
    struct stat about;
    struct mark mark;

    if (stat(file->path, &about) != 0) {
        return false;
    }
    mark = (struct mark){about.st_dev, about.st_ino, about.st_size, about.st_mode, about.st_mtim};
    if (is_same(&mark, &file->mark)) {
        return false;
    }
    file->mark = mark;
    return true;
}

static void look_at_all(wax_lookout *lookout)
{
    for (size_t i = 0; i < lookout->count; i++) {
        if (look(&lookout->files[i])) {
            lookout->last_ms = wax_clock_ms();
            lookout->first_ms = lookout->first_ms == 0 ? lookout->last_ms : lookout->first_ms;
            free(lookout->changed_path);
            lookout->changed_path = strdup(lookout->files[i].path);
            lookout->is_new = true; /* a link may lead elsewhere now */
        }
    }
}

static void forget_changes(wax_lookout *lookout)
{
    lookout->first_ms = 0;
    free(lookout->changed_path);
    lookout->changed_path = NULL;
}

static void watch_folder_of(const wax_lookout *lookout, const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    size_t size = slash == NULL || slash == path ? 1 : (size_t)(slash - path);

    if (size < sizeof folder) {
        memcpy(folder, slash == NULL ? "." : path, size);
        folder[size] = '\0';
        (void)inotify_add_watch(lookout->inotify, folder, EVENTS | IN_ONLYDIR);
    }
}

/* Links on the way to a file lead elsewhere when they are turned, each in a folder of its own. */
static void watch_way_to(const wax_lookout *lookout, const char *path)
{
    char *end_of_links = realpath(path, NULL);
    char *prefix = strdup(path);

    for (char *at = prefix == NULL ? NULL : strchr(prefix, '/'); at != NULL;
         at = strchr(at + 1, '/')) {
        struct stat about;

        *at = '\0';
        if (lstat(prefix, &about) == 0 && S_ISLNK(about.st_mode)) {
            watch_folder_of(lookout, prefix);
        }
        *at = '/';
    }
    watch_folder_of(lookout, path);
    if (end_of_links != NULL) {
        watch_folder_of(lookout, end_of_links);
    }
    free(prefix);
    free(end_of_links);
}

/* Watches anew. A folder that is not there, or may not be read, is left to the patrol. */
static void watch_all(wax_lookout *lookout)
{
    if (lookout->inotify >= 0) {
        (void)close(lookout->inotify);
    }
    lookout->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    for (size_t i = 0; i < lookout->count; i++) {
        watch_way_to(lookout, lookout->files[i].path);
        if (S_ISDIR(lookout->files[i].mark.mode)) {
            (void)inotify_add_watch(lookout->inotify, lookout->files[i].path, EVENTS | IN_ONLYDIR);
        }
    }
    lookout->is_new = false;
}

/* Reads events away; says whether a folder itself has gone, or too much happened at once. */
static bool drain(int inotify)
{
    _Alignas(struct inotify_event) char room[4096];
    bool is_lost = false;
    ssize_t size;

    while ((size = read(inotify, room, sizeof room)) > 0) {
        for (ssize_t at = 0; at < size;) {
            const struct inotify_event *event = (const void *)(room + at);
            is_lost =
                is_lost ||
                (event->mask & (IN_MOVE_SELF | IN_DELETE_SELF | IN_IGNORED | IN_Q_OVERFLOW)) != 0;
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
    return is_lost;
}

/* How long there is nothing to do unless something happens. */
static int idle_ms(const wax_lookout *lookout, uint64_t now_ms)
{
    uint64_t due_ms = lookout->last_ms + QUIET_MS;

    if (lookout->first_ms == 0) {
        return PATROL_MS;
    }
    if (due_ms > lookout->first_ms + HURRY_MS) {
        due_ms = lookout->first_ms + HURRY_MS;
    }
    return due_ms > now_ms ? (int)(due_ms - now_ms) : 0;
}

static void wait_for_events(wax_lookout *lookout, int timeout_ms)
{
    struct pollfd ready[2] = {
        {.fd = lookout->inotify, .events = POLLIN},
        {.fd = lookout->wake,    .events = POLLIN}
    };
    bool is_patrol = poll(ready, 2, timeout_ms) == 0 && timeout_ms == PATROL_MS;
    bool is_lost = lookout->inotify >= 0 && drain(lookout->inotify);
    eventfd_t count;

    (void)eventfd_read(lookout->wake, &count);
    (void)pthread_mutex_lock(&lookout->mutex);
    lookout->is_new = lookout->is_new || is_lost || is_patrol;
    (void)pthread_mutex_unlock(&lookout->mutex);
}

/* Looks around. Returns the path to tell of, or NULL; and how long to wait then. */
static char *take_turn(wax_lookout *lookout, int *timeout_ms)
{
    char *path = NULL;

    (void)pthread_mutex_lock(&lookout->mutex);
    if (lookout->is_new) {
        watch_all(lookout);
    }
    look_at_all(lookout);
    *timeout_ms = idle_ms(lookout, wax_clock_ms());
    if (*timeout_ms == 0) {
        path = lookout->changed_path;
        lookout->changed_path = NULL;
        forget_changes(lookout);
        *timeout_ms = PATROL_MS;
    }
    *timeout_ms = lookout->is_stopping ? -1 : *timeout_ms;
    (void)pthread_mutex_unlock(&lookout->mutex);
    return path;
}

static void *run(void *argument)
{
    wax_lookout *lookout = argument;
    int timeout_ms = 0;

    for (;;) {
        char *path = take_turn(lookout, &timeout_ms);
        if (timeout_ms < 0) {
            free(path);
            return NULL;
        }
        if (path != NULL) {
            lookout->changed(lookout->context, path);
            free(path);
        }
        wait_for_events(lookout, timeout_ms);
    }
}

wax_status wax_lookout_open(wax_lookout **opened, void (*changed)(void *context, const char *path),
                            void *context)
{
    wax_lookout *lookout = calloc(1, sizeof *lookout);

    *opened = NULL;
    if (lookout == NULL) {
        return WAX_FULL;
    }
    *lookout = (wax_lookout){.inotify = -1,
                             .wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
                             .changed = changed,
                             .context = context};
    (void)pthread_mutex_init(&lookout->mutex, NULL);
    if (lookout->wake < 0 || pthread_create(&lookout->thread, NULL, run, lookout) != 0) {
        (void)close(lookout->wake);
        (void)pthread_mutex_destroy(&lookout->mutex);
        free(lookout);
        return WAX_IO;
    }
    *opened = lookout;
    return WAX_OK;
}

static void free_files(struct file *files, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(files[i].path);
    }
    free(files);
}

static void take_mark(const wax_lookout *lookout, struct file *file)
{
    for (size_t i = 0; i < lookout->count; i++) {
        if (strcmp(lookout->files[i].path, file->path) == 0) {
            file->mark = lookout->files[i].mark;
            return;
        }
    }
    (void)look(file);
}

wax_status wax_lookout_set(wax_lookout *lookout, const char *const *paths, size_t count)
{
    struct file *files = calloc(count + 1, sizeof *files);
    size_t old_count;
    struct file *old;

    for (size_t i = 0; files != NULL && i < count; i++) {
        files[i].path = strdup(paths[i]);
        if (files[i].path == NULL) {
            free_files(files, i);
            files = NULL;
        }
    }
    if (files == NULL) {
        return WAX_FULL;
    }
    (void)pthread_mutex_lock(&lookout->mutex);
    for (size_t i = 0; i < count; i++) {
        take_mark(lookout, &files[i]);
    }
    old = lookout->files;
    old_count = lookout->count;
    lookout->files = files;
    lookout->count = count;
    lookout->is_new = true;
    (void)pthread_mutex_unlock(&lookout->mutex);
    (void)eventfd_write(lookout->wake, 1);
    free_files(old, old_count);
    return WAX_OK;
}

void wax_lookout_settle(wax_lookout *lookout)
{
    (void)pthread_mutex_lock(&lookout->mutex);
    look_at_all(lookout);
    forget_changes(lookout);
    (void)pthread_mutex_unlock(&lookout->mutex);
}

void wax_lookout_close(wax_lookout *lookout)
{
    if (lookout == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&lookout->mutex);
    lookout->is_stopping = true;
    (void)pthread_mutex_unlock(&lookout->mutex);
    (void)eventfd_write(lookout->wake, 1);
    (void)pthread_join(lookout->thread, NULL);
    if (lookout->inotify >= 0) {
        (void)close(lookout->inotify);
    }
    (void)close(lookout->wake);
    (void)pthread_mutex_destroy(&lookout->mutex);
    free_files(lookout->files, lookout->count);
    free(lookout->changed_path);
    free(lookout);
}
