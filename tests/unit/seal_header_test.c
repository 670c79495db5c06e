/* Headers are those of SFrame as published, in the shortest form, and only as large as positions
 * and senders are. */
#include "../vectors.h"

#include "seal/header.h"

static uint64_t number_of(const struct vector *vector, const char *name)
{
    return strtoull(vector_text(vector, name), NULL, 10);
}

static void check(struct vector *vector)
{
    const uint64_t key = number_of(vector, "kid");
    const uint64_t count = number_of(vector, "ctr");
    const wax_bytes encoded = vector_bytes(vector, "encoded");
    const bool is_ours = key >= 256 && key <= UINT32_MAX && count <= WAX_POSITION_MAX;
    uint8_t room[32] = {KIND_BYTE | KIND_SIGNED};
    uint8_t written[HEADER_SIZE_MAX];
    wax_writer out = wax_writer_over(written, sizeof written);
    wax_reader in = wax_reader_over(wax_bytes_of(room, 1 + encoded.size));
    struct header header;

    memcpy(room + 1, encoded.data, encoded.size);
    header_read(&in, &header);
    check_row(vector_text(vector, "encoded"), (in.status == WAX_OK) == is_ours);
    if (is_ours) {
        check_row(vector_text(vector, "encoded"),
                  header.kind == KIND_SIGNED && header.sender == key >> 8 &&
                      header.epoch == (uint8_t)key && header.position == count);
        header_write(&out, &header);
        check_row(vector_text(vector, "encoded"),
                  wax_bytes_equal(wax_writer_bytes(&out), wax_bytes_of(room, 1 + encoded.size)));
        check_row(vector_text(vector, "encoded"), header_size(&header) == out.used);
    }
}

static void headers_are_those_of_sframe(void **state)
{
    struct vector vector = vectors_open("sframe-header.txt");
    size_t count = 0;

    (void)state;
    while (vector_next(&vector)) {
        check(&vector);
        count++;
    }
    assert_int_equal(count, 69);
}

static void longer_forms_than_needed_are_refused(void **state)
{
    static const char *const bad[] = {"a00001ff", "b0000001ff", "98010007", "99010000ff", "8807ff"};

    (void)state;
    for (size_t i = 0; i < WAX_COUNT(bad); i++) {
        uint8_t room[16] = {KIND_BYTE};
        const size_t size = strlen(bad[i]) / 2;
        wax_reader in = wax_reader_over(wax_bytes_of(room, 1 + size));
        struct header header;

        for (size_t at = 0; at < size; at++) {
            unsigned byte = 0;

            assert_int_equal(sscanf(bad[i] + 2 * at, "%2x", &byte), 1);
            room[1 + at] = (uint8_t)byte;
        }
        header_read(&in, &header);
        check_row(bad[i], in.status == WAX_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_those_of_sframe),
        cmocka_unit_test(longer_forms_than_needed_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
