/* Published vectors: files of tests/vectors with lines `field = value`, '#' before comments, and an
 * empty line behind each case. */
#ifndef WAX_TESTS_VECTORS_H
#define WAX_TESTS_VECTORS_H

#include "check.h"

#include <stdlib.h>

#include "base/base.h"

enum { VECTOR_FIELDS = 24, VECTOR_LINE = 16384 };

/* One case: names and values as text. */
struct vector {
    FILE *file;
    size_t count;
    char *name[VECTOR_FIELDS];
    char *value[VECTOR_FIELDS];
    uint8_t *bytes[VECTOR_FIELDS];
};

/* A file anywhere. */
static inline struct vector vectors_open_at(const char *path)
{
    struct vector vector = {0};

    vector.file = fopen(path, "r");
    check_row(path, vector.file != NULL);
    return vector;
}

/* A file of tests/vectors. */
static inline struct vector vectors_open(const char *name)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/tests/vectors/%s", WAX_SOURCE_DIR, name);
    return vectors_open_at(path);
}

static inline void vector_drop(struct vector *vector)
{
    for (size_t i = 0; i < vector->count; i++) {
        free(vector->name[i]);
        free(vector->value[i]);
        free(vector->bytes[i]);
    }
    vector->count = 0;
}

static inline void vector_add(struct vector *vector, char *line)
{
    char *equals = strchr(line, '=');

    assert_non_null(equals);
    assert_true(vector->count < VECTOR_FIELDS);
    *equals = 0;
    line[strcspn(line, " ")] = 0;
    vector->name[vector->count] = strdup(line);
    vector->value[vector->count] = strdup(equals + 1 + strspn(equals + 1, " "));
    vector->bytes[vector->count] = NULL;
    vector->count++;
}

/* The next case; at the end of the file it closes it and says false. */
static inline bool vector_next(struct vector *vector)
{
    static char line[VECTOR_LINE];

    vector_drop(vector);
    while (fgets(line, sizeof line, vector->file) != NULL) {
        line[strcspn(line, "\n")] = 0;
        if (line[0] == 0 && vector->count > 0) {
            return true;
        }
        if (line[0] != 0 && line[0] != '#') {
            vector_add(vector, line);
        }
    }
    if (vector->count == 0) {
        (void)fclose(vector->file);
        return false;
    }
    return true;
}

static inline size_t vector_find(const struct vector *vector, const char *name)
{
    size_t i = 0;

    while (i < vector->count && strcmp(vector->name[i], name) != 0) {
        i++;
    }
    return i;
}

/* A value as it stands there; NULL if the case has no such field. */
static inline const char *vector_text(const struct vector *vector, const char *name)
{
    size_t i = vector_find(vector, name);

    return i == vector->count ? NULL : vector->value[i];
}

/* A value in hexadecimal digits, in memory of exactly its size; it lives as long as the case. */
static inline wax_bytes vector_bytes(struct vector *vector, const char *name)
{
    size_t i = vector_find(vector, name);
    size_t size;

    check_row(name, i < vector->count);
    size = strlen(vector->value[i]) / 2;
    free(vector->bytes[i]);
    vector->bytes[i] = malloc(size + (size == 0));
    for (size_t at = 0; at < size; at++) {
        unsigned byte = 0;

        check_row(vector->value[i], sscanf(vector->value[i] + 2 * at, "%2x", &byte) == 1);
        vector->bytes[i][at] = (uint8_t)byte;
    }
    return wax_bytes_of(vector->bytes[i], size);
}

#endif
