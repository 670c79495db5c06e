/* Manifests and the tree: what is written is read, what is altered is not, every chunk of every
 * number of chunks is proved and no other is. */
#include "../update_check.h"

enum { CHUNK = 256 };

static void a_manifest_that_was_written_is_read(void **state)
{
    const struct update_vendor vendor = update_vendor_make(1);
    struct update_image image;
    wax_update_manifest again;
    (void)state;

    update_image_make(&image, 7, 1000, CHUNK);
    image.manifest.minimum = 3;
    image.manifest.label = WAX_TEXT("2.1.0 küche");
    update_image_sign(&image, &vendor);
    assert_int_equal(wax_update_manifest_read(&again,
                                              wax_bytes_of(image.message, image.message_size),
                                              vendor.public_key, 1),
                     WAX_OK);
    assert_true(wax_bytes_equal(again.vendor, image.manifest.vendor));
    assert_true(wax_bytes_equal(again.class_name, image.manifest.class_name));
    assert_true(wax_bytes_equal(again.label, image.manifest.label));
    assert_int_equal(again.version, 7);
    assert_int_equal(again.minimum, 3);
    assert_int_equal(again.size, 1000);
    assert_int_equal(again.chunk_size, CHUNK);
    assert_memory_equal(again.digest, image.digest, sizeof image.digest);
    assert_memory_equal(again.root, image.root, sizeof image.root);
    update_image_free(&image);
}

static void no_byte_of_a_manifest_can_be_altered_or_cut(void **state)
{
    const struct update_vendor vendor = update_vendor_make(1);
    struct update_image image;
    wax_update_manifest again;
    (void)state;

    update_image_make(&image, 7, 1000, CHUNK);
    update_image_sign(&image, &vendor);
    for (size_t i = 0; i < image.message_size; i++) {
        image.message[i] ^= 0x10;
        assert_int_not_equal(
            wax_update_manifest_read(&again, wax_bytes_of(image.message, image.message_size),
                                     vendor.public_key, 1),
            WAX_OK);
        assert_int_equal(again.version, 0);
        image.message[i] ^= 0x10;
        assert_int_not_equal(
            wax_update_manifest_read(&again, wax_bytes_of(image.message, i), vendor.public_key, 1),
            WAX_OK);
    }
    update_image_free(&image);
}

static void any_of_the_anchors_may_sign(void **state)
{
    const struct update_vendor old = update_vendor_make(1);
    const struct update_vendor young = update_vendor_make(2);
    uint8_t anchors[2 * WAX_P256_PUBLIC_SIZE];
    struct update_image image;
    wax_update_manifest again;
    (void)state;

    memcpy(anchors, old.public_key, WAX_P256_PUBLIC_SIZE);
    memcpy(anchors + WAX_P256_PUBLIC_SIZE, young.public_key, WAX_P256_PUBLIC_SIZE);
    update_image_make(&image, 7, 1000, CHUNK);
    update_image_sign(&image, &young);
    assert_int_equal(wax_update_manifest_read(
                         &again, wax_bytes_of(image.message, image.message_size), anchors, 2),
                     WAX_OK);
    assert_int_equal(wax_update_manifest_read(
                         &again, wax_bytes_of(image.message, image.message_size), anchors, 1),
                     WAX_UNTRUSTED);
    update_image_free(&image);
}

/* clang-format off */
static const struct {
    const char *rule;
    const char *vendor;
    uint32_t version;
    uint32_t minimum;
    uint32_t size;
    uint32_t chunk_size;
} unsound[] = {
    {"a name is no two levels",              "ac/me", 7, 3, 1000,       256},
    {"a name has no wildcard",               "#",     7, 3, 1000,       256},
    {"there is a name",                      "",      7, 3, 1000,       256},
    {"versions begin at 1",                  "acme",  0, 0, 1000,       256},
    {"it is newer than what it needs",       "acme",  7, 7, 1000,       256},
    {"an image has bytes",                   "acme",  7, 3, 0,          256},
    {"chunks are not tiny",                  "acme",  7, 3, 1000,       128},
    {"chunks are not huge",                  "acme",  7, 3, 1000,       131072},
    {"chunks are whole blocks",              "acme",  7, 3, 1000,       257},
    {"there are not too many chunks",        "acme",  7, 3, UINT32_MAX, 256},
};
/* clang-format on */

static void what_no_device_would_take_is_not_signed(void **state)
{
    const struct update_vendor vendor = update_vendor_make(1);
    const uint8_t digest[WAX_SHA256_SIZE] = {0};
    (void)state;

    for (size_t i = 0; i < WAX_COUNT(unsound); i++) {
        const wax_update_manifest manifest = {
            .vendor = wax_bytes_of_text(unsound[i].vendor),
            .class_name = WAX_TEXT("pump"),
            .version = unsound[i].version,
            .minimum = unsound[i].minimum,
            .size = unsound[i].size,
            .digest = digest,
            .chunk_size = unsound[i].chunk_size,
            .root = digest,
        };
        uint8_t room[WAX_UPDATE_MESSAGE_MAX];
        wax_writer out = wax_writer_over(room, sizeof room);

        check_row(unsound[i].rule,
                  wax_update_manifest_write(&out, &manifest, vendor.secret) == WAX_INVALID);
        check_row(unsound[i].rule, out.used == 0);
    }
}

/* The largest that may be signed fits the room that devices have for it. */
static void the_longest_manifest_fits(void **state)
{
    const struct update_vendor vendor = update_vendor_make(1);
    static const uint8_t letters[WAX_UPDATE_NAME_MAX] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const uint8_t digest[WAX_SHA256_SIZE] = {0};
    const wax_update_manifest manifest = {
        .vendor = wax_bytes_of(letters, WAX_UPDATE_NAME_MAX),
        .class_name = wax_bytes_of(letters, WAX_UPDATE_NAME_MAX),
        .version = UINT32_MAX,
        .minimum = UINT32_MAX - 1,
        .size = UINT32_MAX,
        .digest = digest,
        .chunk_size = WAX_UPDATE_CHUNK_MAX,
        .root = digest,
        .label = wax_bytes_of(letters, WAX_UPDATE_LABEL_MAX),
    };
    uint8_t room[WAX_UPDATE_MESSAGE_MAX];
    wax_writer out = wax_writer_over(room, sizeof room);
    (void)state;

    assert_int_equal(wax_update_manifest_write(&out, &manifest, vendor.secret), WAX_OK);
}

static void a_chunk_is_proved_where_it_stands_and_nowhere_else(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= 33; count++) {
        struct update_image image;
        wax_update_tree grown = {.count = 0};
        uint8_t root[WAX_SHA256_SIZE];

        update_image_make(&image, count, count * CHUNK - 17, CHUNK);
        for (uint32_t i = 0; i < count; i++) {
            const wax_bytes message = update_image_message(&image, i);
            wax_bytes chunk;

            assert_int_equal(wax_update_tree_add(&grown, update_image_chunk(&image, i)), WAX_OK);
            for (uint32_t at = 0; at <= count; at++) {
                const wax_status status =
                    wax_update_chunk_check(&image.manifest, at, message, &chunk);

                assert_true((status == WAX_OK) == (at == i));
            }
            assert_int_equal(wax_update_chunk_check(&image.manifest, i, message, &chunk), WAX_OK);
            assert_true(wax_bytes_equal(chunk, update_image_chunk(&image, i)));
        }
        assert_int_equal(wax_update_tree_root(&grown, root), WAX_OK);
        assert_memory_equal(root, image.root, sizeof root);
        update_image_free(&image);
    }
}

static void no_byte_of_a_chunk_can_be_altered_cut_or_added(void **state)
{
    struct update_image image;
    wax_bytes chunk;
    (void)state;

    update_image_make(&image, 1, 5 * CHUNK, CHUNK);
    for (uint32_t i = 0; i < 5; i++) {
        const size_t size = update_image_message(&image, i).size;

        for (size_t at = 0; at < size; at++) {
            image.room[at] ^= 1U;
            assert_int_equal(
                wax_update_chunk_check(&image.manifest, i, wax_bytes_of(image.room, size), &chunk),
                WAX_UNTRUSTED);
            image.room[at] ^= 1U;
        }
        assert_int_equal(
            wax_update_chunk_check(&image.manifest, i, wax_bytes_of(image.room, size - 1), &chunk),
            WAX_MALFORMED);
        assert_int_equal(
            wax_update_chunk_check(&image.manifest, i, wax_bytes_of(image.room, size + 1), &chunk),
            WAX_MALFORMED);
    }
    update_image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manifest_that_was_written_is_read),
        cmocka_unit_test(no_byte_of_a_manifest_can_be_altered_or_cut),
        cmocka_unit_test(any_of_the_anchors_may_sign),
        cmocka_unit_test(what_no_device_would_take_is_not_signed),
        cmocka_unit_test(the_longest_manifest_fits),
        cmocka_unit_test(a_chunk_is_proved_where_it_stands_and_nowhere_else),
        cmocka_unit_test(no_byte_of_a_chunk_can_be_altered_cut_or_added),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
