/* files: the folder of a store and the files in it: who may read them, who has them, and how one
 * takes the place of another. */
#ifndef WAX_STORE_FILES_H
#define WAX_STORE_FILES_H

#include "store/store.h"

enum { FILES_PATH_SIZE = 1024 };

struct files {
    char folder[FILES_PATH_SIZE];
    char path[FILES_PATH_SIZE];    /* the store */
    char fresh[FILES_PATH_SIZE];   /* the one that is to take its place, while it is made */
    char suspect[FILES_PATH_SIZE]; /* exists when the store must be read whole before it is used */
    int lock;                      /* the folder, locked; -1: none */
};

/* Writes report->text, as printf(). */
void report_say(wax_store_report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes the folder, for its owner only, unless it is there, and takes it for this process.
 * Returns WAX_OK, and report->text may have an advice; otherwise WAX_IO, and it says why. */
wax_status files_open(struct files *files, const char *place, wax_store_report *report) WAX_CHECKED;
void files_close(struct files *files);

/* Whether there is a file of this path, with `ending` behind it; and its size, 0 for none. */
bool files_exist(const char *path, const char *ending);
uint64_t files_size(const char *path, const char *ending);

/* Makes a file that only its owner may read, or makes one so. Made by root, it is the folder's
 * owner's: a tool must not lock the broker out. Returns WAX_OK or WAX_IO. */
wax_status files_own(const struct files *files, const char *path) WAX_CHECKED;

/* Moves the store, with its log, to a name that says when; `aside` is that name. */
wax_status files_set_aside(const struct files *files, char *aside, size_t size) WAX_CHECKED;

/* Puts the fresh one in the place of the store, where there must be none. */
wax_status files_put_in_place(const struct files *files) WAX_CHECKED;

/* Forgets a fresh one that is not complete. */
void files_drop_fresh(const struct files *files);

/* Remembers, or forgets, that the store is suspect. */
void files_set_suspect(const struct files *files, bool is_suspect);

#endif
