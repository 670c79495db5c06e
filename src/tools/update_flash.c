/* A device's flash in a file: it erases to ones, and writing only clears bits. */
#include "tools/update_flash.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HEAD_SIZE = 512,
    WRITE_SIZE = 8,
    SECTOR_MAX = 65536,
    SIZE_MAX_EACH = 64 << 20,
    EMPTY = 0xff,
    EXIT_CUT = 9, /* the power has gone */
};

/* The file begins with a line of text that says how large things are; then the areas in turn. */
static const char head_words[] = "wax flash 1";

static uint32_t size_of(const wax_update_board *board, unsigned area)
{
    return area <= WAX_UPDATE_SLOT_1  ? board->slot_size
           : area <= WAX_UPDATE_LOG_1 ? board->log_size
                                      : board->sector_size;
}

static off_t place_of(const wax_update_board *board, wax_update_area area, uint32_t offset)
{
    off_t place = HEAD_SIZE;

    for (unsigned i = 0; i < (unsigned)area; i++) {
        place += size_of(board, i);
    }
    return place + offset;
}

/* Writes what stands in flash from now on; half of it, and no more ever, when power goes. */
static wax_status change(struct update_flash *flash, off_t place, const uint8_t *bytes, size_t size)
{
    bool is_last;

    flash->operations++;
    is_last = flash->operations == flash->cut_at;
    if (pwrite(flash->file, bytes, is_last ? size / 2 : size, place) < 0) {
        return WAX_IO;
    }
    if (is_last) {
        _exit(EXIT_CUT);
    }
    return WAX_OK;
}

static wax_status erase(wax_update_board *self, wax_update_area area, uint32_t offset)
{
    static uint8_t empty[SECTOR_MAX];

    memset(empty, EMPTY, sizeof empty);
    return change((struct update_flash *)(void *)self, place_of(self, area, offset), empty,
                  self->sector_size);
}

static wax_status read_flash(wax_update_board *self, wax_update_area area, uint32_t offset,
                             uint8_t *room, size_t size)
{
    const struct update_flash *flash = (struct update_flash *)(void *)self;

    return pread(flash->file, room, size, place_of(self, area, offset)) == (ssize_t)size ? WAX_OK
                                                                                         : WAX_IO;
}

static wax_status write_flash(wax_update_board *self, wax_update_area area, uint32_t offset,
                              wax_bytes bytes)
{
    static uint8_t room[WAX_UPDATE_CHUNK_MAX];
    wax_status status = bytes.size <= sizeof room ? WAX_OK : WAX_IO;

    if (status == WAX_OK) {
        status = read_flash(self, area, offset, room, bytes.size);
    }
    for (size_t i = 0; status == WAX_OK && i < bytes.size; i++) {
        room[i] &= bytes.data[i];
    }
    return status == WAX_OK ? change((struct update_flash *)(void *)self,
                                     place_of(self, area, offset), room, bytes.size)
                            : status;
}

static void equip(struct update_flash *flash, const struct settings *settings)
{
    flash->board.erase = erase;
    flash->board.write = write_flash;
    flash->board.read = read_flash;
    flash->operations = 0;
    flash->cut_at = settings->update.cut_at;
}

static bool fail(const struct settings *settings, const char *path)
{
    return tools_complain(settings, "%s: %s", path, strerror(errno));
}

static bool write_empty(struct update_flash *flash)
{
    uint8_t empty[HEAD_SIZE];
    const off_t end = place_of(&flash->board, WAX_UPDATE_AREAS, 0);
    bool is_written = true;

    memset(empty, EMPTY, sizeof empty);
    for (off_t at = 0; is_written && at < end; at += HEAD_SIZE) {
        is_written = pwrite(flash->file, empty, sizeof empty, at) == HEAD_SIZE;
    }
    return is_written;
}

bool update_flash_make(struct update_flash *flash, const struct settings *settings,
                       const char *path)
{
    const struct update_settings *wanted = &settings->update;
    const uint32_t sector = wanted->sector_size;
    const uint32_t marks = wanted->slot_size / sector * WRITE_SIZE;
    char head[HEAD_SIZE];
    int size;

    *flash = (struct update_flash){.file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (flash->file < 0) {
        return fail(settings, path);
    }
    equip(flash, settings);
    flash->board.sector_size = sector;
    flash->board.slot_size = wanted->slot_size;
    flash->board.log_size = ((uint32_t)WAX_UPDATE_HEAD_SIZE + marks + sector - 1) / sector * sector;
    flash->board.write_size = WRITE_SIZE;
    size = snprintf(head, sizeof head, "%s %u %u %u %u\n", head_words, flash->board.sector_size,
                    flash->board.slot_size, flash->board.log_size, flash->board.write_size);
    return (write_empty(flash) && pwrite(flash->file, head, (size_t)size, 0) == size) ||
           fail(settings, path);
}

static bool read_head(wax_update_board *board, const char *head)
{
    uint32_t *const sizes[] = {&board->sector_size, &board->slot_size, &board->log_size,
                               &board->write_size};
    bool is_sound = strncmp(head, head_words, sizeof head_words - 1) == 0;
    const char *at = head + (is_sound ? sizeof head_words - 1 : 0);

    for (size_t i = 0; is_sound && i < WAX_COUNT(sizes); i++) {
        char *end = NULL;
        const unsigned long size = strtoul(at, &end, 10);

        is_sound = end != at && size > 0 && size <= SIZE_MAX_EACH;
        *sizes[i] = (uint32_t)size;
        at = end;
    }
    return is_sound && board->sector_size <= SECTOR_MAX;
}

bool update_flash_open(struct update_flash *flash, const struct settings *settings,
                       const char *path)
{
    char head[HEAD_SIZE] = "";

    *flash = (struct update_flash){.file = open(path, O_RDWR | O_CLOEXEC)};
    if (flash->file < 0) {
        return errno == ENOENT ? tools_complain(settings,
                                                "%s is not there: `wax update device %s --factory "
                                                "IMAGE ...` makes it",
                                                path, path)
                               : fail(settings, path);
    }
    equip(flash, settings);
    if (pread(flash->file, head, sizeof head - 1, 0) <= 0 || !read_head(&flash->board, head)) {
        return tools_complain(settings, "%s is no flash of a device", path);
    }
    return true;
}

void update_flash_close(struct update_flash *flash)
{
    if (flash->file >= 0) {
        (void)close(flash->file);
    }
}
