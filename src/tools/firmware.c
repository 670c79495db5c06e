/* An image on this host, with what is signed and sent of it. */
#include "tools/firmware.h"
#include "os/os.h"
#include "pki/pki.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGE_MAX = 1 << 30, FAULT_SIZE = 512 };

void tools_firmware_place(struct firmware *firmware, const struct settings *settings,
                          const char *path)
{
    if (settings->update.manifest != NULL) {
        (void)snprintf(firmware->manifest_path, FIRMWARE_PATH_SIZE, "%s",
                       settings->update.manifest);
    } else {
        (void)snprintf(firmware->manifest_path, FIRMWARE_PATH_SIZE, "%.4000s.manifest", path);
    }
}

bool tools_firmware_trust(struct firmware *firmware, const struct settings *settings)
{
    wax_problem problem;

    if (settings->update.trust == NULL) {
        return tools_complain(settings, "give --trust FILE, the vendor's public key: what a device "
                                        "would not believe goes no further");
    }
    return wax_pki_read_p256_public(settings->update.trust, firmware->anchor, &problem) == WAX_OK ||
           tools_complain(settings, "%s", problem.text);
}

bool tools_firmware_read_manifest(struct firmware *firmware, const struct settings *settings)
{
    char fault[FAULT_SIZE];
    wax_status status;

    if (wax_file_read(firmware->manifest_path, WAX_UPDATE_MESSAGE_MAX, &firmware->message, fault,
                      sizeof fault) != WAX_OK) {
        return tools_complain(settings, "%s; `wax update sign` makes a manifest", fault);
    }
    status = wax_update_manifest_read(&firmware->manifest, firmware->message, firmware->anchor, 1);
    if (status == WAX_UNTRUSTED) {
        return tools_complain(settings, "%s: the key of %s has not signed it",
                              firmware->manifest_path, settings->update.trust);
    }
    return status == WAX_OK ||
           tools_complain(settings, "%s: this is no manifest", firmware->manifest_path);
}

static wax_bytes chunk_of(const struct firmware *firmware, uint32_t chunk_size, uint32_t index)
{
    const size_t start = (size_t)index * chunk_size;
    const size_t left = firmware->image.size - start;

    return wax_bytes_of(firmware->image.data + start, left < chunk_size ? left : chunk_size);
}

static wax_status make_tree(struct firmware *firmware, uint32_t chunk_size)
{
    wax_status status = wax_crypto_sha256(&firmware->image, 1, firmware->digest);

    for (uint32_t i = 0; status == WAX_OK && i < firmware->tree.count; i++) {
        status = wax_update_nodes_set(&firmware->tree, i, chunk_of(firmware, chunk_size, i));
    }
    return status == WAX_OK ? wax_update_nodes_make(&firmware->tree, firmware->root) : status;
}

bool tools_firmware_read_image(struct firmware *firmware, const struct settings *settings,
                               const char *path, uint32_t chunk_size)
{
    char fault[FAULT_SIZE];
    size_t count;

    if (wax_file_read(path, IMAGE_MAX, &firmware->image, fault, sizeof fault) != WAX_OK) {
        return tools_complain(settings, "%s", fault);
    }
    count = (firmware->image.size + chunk_size - 1) / chunk_size;
    if (count == 0 || count > WAX_UPDATE_CHUNKS_MAX) {
        return tools_complain(settings,
                              count == 0 ? "%s is empty"
                                         : "%s has more than 65536 chunks: give a larger "
                                           "--chunk-size",
                              path);
    }
    firmware->tree.count = (uint32_t)count;
    firmware->tree.nodes = calloc(wax_update_node_count((uint32_t)count), WAX_SHA256_SIZE);
    if (firmware->tree.nodes == NULL || make_tree(firmware, chunk_size) != WAX_OK) {
        return tools_complain(settings, "%s: there is not enough memory", path);
    }
    return true;
}

bool tools_firmware_load(struct firmware *firmware, const struct settings *settings,
                         const char *path)
{
    tools_firmware_place(firmware, settings, path);
    if (!tools_firmware_trust(firmware, settings) ||
        !tools_firmware_read_manifest(firmware, settings) ||
        !tools_firmware_read_image(firmware, settings, path, firmware->manifest.chunk_size)) {
        return false;
    }
    return (firmware->image.size == firmware->manifest.size &&
            memcmp(firmware->root, firmware->manifest.root, WAX_SHA256_SIZE) == 0 &&
            memcmp(firmware->digest, firmware->manifest.digest, WAX_SHA256_SIZE) == 0) ||
           tools_complain(settings, "%s is not the image that %s was signed for", path,
                          firmware->manifest_path);
}

void tools_firmware_discard(struct firmware *firmware)
{
    wax_file_free(&firmware->image);
    wax_file_free(&firmware->message);
    free(firmware->tree.nodes);
    firmware->tree.nodes = NULL;
}
