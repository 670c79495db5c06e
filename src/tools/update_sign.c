/* wax update key, sign, show: what a vendor does, far from any broker. */
#include "os/os.h"
#include "pki/pki.h"
#include "tools/firmware.h"
#include "tools/update_parts.h"

#include <stdio.h>
#include <string.h>

static const char *word(const struct settings *settings, size_t number)
{
    return number < settings->update.words.count ? settings->update.words.items[number] : NULL;
}

int update_make_key(struct settings *settings)
{
    const char *path = word(settings, 1);
    wax_problem problem;

    if (path == NULL) {
        (void)tools_complain(settings, "which file? Write `wax update key FILE`");
        return EXIT_WRONG;
    }
    if (wax_pki_make_p256(path, &problem) != WAX_OK) {
        (void)tools_complain(settings, "%s", problem.text);
        return EXIT_WRONG;
    }
    (void)printf("%s signs firmware: keep it away from brokers and devices\n"
                 "%s.pub is what devices trust\n",
                 path, path);
    return EXIT_GOOD;
}

static void show_digest(const char *name, const uint8_t *digest)
{
    char digits[2 * WAX_SHA256_SIZE + 1];

    wax_hex_encode(wax_bytes_of(digest, WAX_SHA256_SIZE), digits);
    (void)printf("%s %s\n", name, digits);
}

static void show(const wax_update_manifest *manifest)
{
    (void)printf("vendor   %.*s\nclass    %.*s\nversion  %u%s%.*s%s\n", (int)manifest->vendor.size,
                 (const char *)manifest->vendor.data, (int)manifest->class_name.size,
                 (const char *)manifest->class_name.data, manifest->version,
                 manifest->label.size > 0 ? " (" : "", (int)manifest->label.size,
                 (const char *)manifest->label.data, manifest->label.size > 0 ? ")" : "");
    if (manifest->minimum > 0) {
        (void)printf("minimum  %u\n", manifest->minimum);
    }
    (void)printf("size     %u bytes in %u chunks of %u\n", manifest->size,
                 wax_update_chunk_count(manifest), manifest->chunk_size);
    show_digest("sha256  ", manifest->digest);
    show_digest("root    ", manifest->root);
}

static bool check(const struct settings *settings)
{
    const struct update_settings *wanted = &settings->update;

    if (word(settings, 1) == NULL || wanted->vendor_key == NULL || wanted->vendor == NULL ||
        wanted->class_name == NULL || wanted->number == 0) {
        return tools_complain(settings, "write `wax update sign IMAGE --vendor-key FILE --vendor "
                                        "NAME --class NAME --number N`");
    }
    if (!wax_update_is_name(wax_bytes_of_text(wanted->vendor)) ||
        !wax_update_is_name(wax_bytes_of_text(wanted->class_name))) {
        return tools_complain(settings,
                              "--vendor and --class take names of 1 to %d bytes, "
                              "without / + and #",
                              WAX_UPDATE_NAME_MAX);
    }
    if ((wanted->chunk_size & (wanted->chunk_size - 1)) != 0) {
        return tools_complain(settings, "--chunk-size %u: write a power of two, as 4096",
                              wanted->chunk_size);
    }
    return wanted->minimum < wanted->number ||
           tools_complain(settings, "--minimum %u: it is below --number %u", wanted->minimum,
                          wanted->number);
}

static bool sign(const struct settings *settings, struct firmware *firmware, wax_writer *out)
{
    uint8_t secret[WAX_P256_SECRET_SIZE] = {0};
    wax_problem problem;
    wax_status status;

    if (wax_pki_read_p256(settings->update.vendor_key, settings->passphrase_file, secret,
                          &problem) != WAX_OK) {
        wax_wipe(secret, sizeof secret);
        return tools_complain(settings, "%s", problem.text);
    }
    firmware->manifest = (wax_update_manifest){
        .vendor = wax_bytes_of_text(settings->update.vendor),
        .class_name = wax_bytes_of_text(settings->update.class_name),
        .version = settings->update.number,
        .minimum = settings->update.minimum,
        .size = (uint32_t)firmware->image.size,
        .digest = firmware->digest,
        .chunk_size = settings->update.chunk_size,
        .root = firmware->root,
        .label = wax_bytes_of_text(settings->update.label),
    };
    status = wax_update_manifest_write(out, &firmware->manifest, secret);
    wax_wipe(secret, sizeof secret);
    return status == WAX_OK ||
           tools_complain(settings, "the manifest cannot be signed: %s%s", wax_status_text(status),
                          status == WAX_INVALID ? "; --label takes 32 bytes at most" : "");
}

int update_sign(struct settings *settings)
{
    struct firmware firmware = {
        .image = {NULL, 0}
    };
    uint8_t room[WAX_UPDATE_MESSAGE_MAX];
    wax_writer out = wax_writer_over(room, sizeof room);
    char fault[512];
    bool is_done = false;

    if (!check(settings)) {
        return EXIT_WRONG;
    }
    tools_firmware_place(&firmware, settings, word(settings, 1));
    if (tools_firmware_read_image(&firmware, settings, word(settings, 1),
                                  settings->update.chunk_size) &&
        sign(settings, &firmware, &out)) {
        is_done = wax_file_replace(firmware.manifest_path, wax_writer_bytes(&out), fault,
                                   sizeof fault) == WAX_OK ||
                  tools_complain(settings, "%s", fault);
    }
    if (is_done) {
        (void)printf("signed %s\n", firmware.manifest_path);
        show(&firmware.manifest);
    }
    tools_firmware_discard(&firmware);
    return is_done ? EXIT_GOOD : EXIT_WRONG;
}

int update_show(struct settings *settings)
{
    struct firmware firmware = {
        .image = {NULL, 0}
    };
    const char *path = word(settings, 1);
    bool is_done = false;

    if (path == NULL) {
        (void)tools_complain(settings, "which one? Write `wax update show MANIFEST --trust FILE`");
        return EXIT_WRONG;
    }
    settings->update.manifest = path;
    tools_firmware_place(&firmware, settings, path);
    if (tools_firmware_trust(&firmware, settings) &&
        tools_firmware_read_manifest(&firmware, settings)) {
        is_done = true;
        show(&firmware.manifest);
    }
    tools_firmware_discard(&firmware);
    return is_done ? EXIT_GOOD : EXIT_WRONG;
}
