/* An image on this host, with what is signed and sent of it. */
#ifndef WAX_TOOLS_FIRMWARE_H
#define WAX_TOOLS_FIRMWARE_H

#include "tools/settings.h"
#include "update/update.h"

enum { FIRMWARE_PATH_SIZE = 4096 };

struct firmware {
    wax_bytes image;
    wax_bytes message; /* the manifest, signed */
    wax_update_manifest manifest;
    wax_update_nodes tree;
    uint8_t digest[WAX_SHA256_SIZE];
    uint8_t root[WAX_SHA256_SIZE];
    uint8_t anchor[WAX_P256_PUBLIC_SIZE];
    char manifest_path[FIRMWARE_PATH_SIZE];
};

/* Where the manifest of an image is: what --manifest says, or beside the image. */
void tools_firmware_place(struct firmware *firmware, const struct settings *settings,
                          const char *path);

/* Reads the vendor's public key of --trust. False, and said so, if there is none. */
bool tools_firmware_trust(struct firmware *firmware, const struct settings *settings);

/* Reads the manifest, as far as the key trusts it; reads an image and makes its tree of chunks of
 * this size; reads all and holds the image against its manifest. False, and said so, if one is not
 * as it should be. */
bool tools_firmware_read_manifest(struct firmware *firmware, const struct settings *settings);
bool tools_firmware_read_image(struct firmware *firmware, const struct settings *settings,
                               const char *path, uint32_t chunk_size);
bool tools_firmware_load(struct firmware *firmware, const struct settings *settings,
                         const char *path);

/* Gives back what was read. */
void tools_firmware_discard(struct firmware *firmware);

#endif
