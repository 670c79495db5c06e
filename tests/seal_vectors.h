/* The vectors of tests/seal/vectors, as tests/seal/README.md says they are: values as bytes. */
#ifndef WAX_TESTS_SEAL_VECTORS_H
#define WAX_TESTS_SEAL_VECTORS_H

#include "check.h"

#include <jansson.h>
#include <stdlib.h>

#include "seal/seal.h"

/* Memory that lives as long as a test does. */
struct pool {
    void *items[512];
    size_t count;
};

static inline void *pool_take(struct pool *pool, size_t size)
{
    assert_true(pool->count < WAX_COUNT(pool->items));
    pool->items[pool->count] = malloc(size + (size == 0));
    assert_non_null(pool->items[pool->count]);
    return pool->items[pool->count++];
}

static inline void pool_empty(struct pool *pool)
{
    while (pool->count > 0) {
        free(pool->items[--pool->count]);
    }
}

static inline json_t *vectors_load(const char *name)
{
    char path[512];
    json_t *file;

    (void)snprintf(path, sizeof path, "%s/tests/seal/vectors/%s.json", WAX_SOURCE_DIR, name);
    file = json_load_file(path, 0, NULL);
    check_row(path, file != NULL);
    return file;
}

/* Hexadecimal digits, in memory of exactly their size. */
static inline wax_bytes bytes_of_hex(struct pool *pool, const char *hex)
{
    const size_t size = strlen(hex) / 2;
    uint8_t *room = pool_take(pool, size);

    for (size_t i = 0; i < size; i++) {
        unsigned byte = 0;

        check_row(hex, sscanf(hex + 2 * i, "%2x", &byte) == 1);
        room[i] = (uint8_t)byte;
    }
    return wax_bytes_of(room, size);
}

static inline bool has(const json_t *test, const char *name)
{
    return json_object_get(test, name) != NULL;
}

/* A value; what is not there is empty, or zero. */
static inline wax_bytes bytes_in(struct pool *pool, const json_t *test, const char *name)
{
    const char *text = json_string_value(json_object_get(test, name));

    return bytes_of_hex(pool, text == NULL ? "" : text);
}

static inline uint32_t number_in(const json_t *test, const char *name)
{
    return (uint32_t)json_integer_value(json_object_get(test, name));
}

static inline bool is_valid(const json_t *test)
{
    return strcmp(json_string_value(json_object_get(test, "result")), "valid") == 0;
}

static inline bool has_flag(const json_t *test, const char *flag)
{
    size_t i;
    json_t *item;

    json_array_foreach(json_object_get(test, "flags"), i, item)
    {
        if (strcmp(json_string_value(item), flag) == 0) {
            return true;
        }
    }
    return false;
}

/* What failed, for a message. */
static inline const char *name_of(const json_t *test)
{
    static char name[256];

    (void)snprintf(name, sizeof name, "test %u: %s", number_in(test, "tcId"),
                   json_string_value(json_object_get(test, "comment")));
    return name;
}

static inline const wax_suite *suite_of(const json_t *group)
{
    const wax_suite *suites[] = {NULL, &wax_suite_chacha, &wax_suite_ascon, &wax_suite_ccm};

    return suites[number_in(group, "suite")];
}

/* Calls `run` for each test of the groups of one type; returns how many there were. */
static inline size_t vectors_run(const char *file_name, const char *type,
                                 void (*run)(struct pool *, const json_t *, const json_t *))
{
    json_t *file = vectors_load(file_name);
    size_t count = 0;
    size_t i;
    size_t at;
    json_t *group;
    json_t *test;

    json_array_foreach(json_object_get(file, "testGroups"), i, group)
    {
        if (strcmp(json_string_value(json_object_get(group, "type")), type) != 0) {
            continue;
        }
        json_array_foreach(json_object_get(group, "tests"), at, test)
        {
            struct pool pool = {.count = 0};

            run(&pool, group, test);
            pool_empty(&pool);
            count++;
        }
    }
    json_decref(file);
    return count;
}

#endif
