/* The tree over the chunks: a node is the hash of two, a chunk's that of its bytes, and what has no
 * neighbour rises as it is. [3] [RFC 9162, 2.1] */
#include "update/update.h"

#include <string.h>

static wax_status hash_chunk(wax_bytes chunk, uint8_t *node)
{
    static const uint8_t mark = 0;
    const wax_bytes parts[] = {wax_bytes_of(&mark, 1), chunk};

    return wax_crypto_sha256(parts, WAX_COUNT(parts), node);
}

/* `node` may be one of the two. */
static wax_status hash_pair(const uint8_t *left, const uint8_t *right, uint8_t *node)
{
    static const uint8_t mark = 1;
    const wax_bytes parts[] = {wax_bytes_of(&mark, 1), wax_bytes_of(left, WAX_SHA256_SIZE),
                               wax_bytes_of(right, WAX_SHA256_SIZE)};
    uint8_t digest[WAX_SHA256_SIZE];
    const wax_status status = wax_crypto_sha256(parts, WAX_COUNT(parts), digest);

    memcpy(node, digest, sizeof digest);
    return status;
}

/* ---- Growing ---- */

/* How many whole trees stand side by side: a tree of 2^n for each bit. */
static uint32_t count_trees(uint32_t count)
{
    uint32_t trees = 0;

    for (; count > 0; count &= count - 1) {
        trees++;
    }
    return trees;
}

wax_status wax_update_tree_add(wax_update_tree *tree, wax_bytes chunk)
{
    uint32_t height = count_trees(tree->count);
    wax_status status;

    wax_assert(tree->count < WAX_UPDATE_CHUNKS_MAX);
    status = hash_chunk(chunk, tree->nodes[height]);
    for (uint32_t left = tree->count; status == WAX_OK && (left & 1U) != 0; left >>= 1U) {
        status = hash_pair(tree->nodes[height - 1], tree->nodes[height], tree->nodes[height - 1]);
        height--;
    }
    tree->count++;
    return status;
}

wax_status wax_update_tree_root(const wax_update_tree *tree, uint8_t root[static WAX_SHA256_SIZE])
{
    uint32_t height = count_trees(tree->count);
    wax_status status = WAX_OK;

    wax_assert(height > 0);
    memcpy(root, tree->nodes[height - 1], WAX_SHA256_SIZE);
    for (; status == WAX_OK && height > 1; height--) {
        status = hash_pair(tree->nodes[height - 2], root, root);
    }
    return status;
}

/* ---- All nodes ---- */

size_t wax_update_node_count(uint32_t chunk_count)
{
    size_t count = 0;

    for (; chunk_count > 1; chunk_count = (chunk_count + 1) / 2) {
        count += chunk_count;
    }
    return count + 1;
}

wax_status wax_update_nodes_set(const wax_update_nodes *tree, uint32_t index, wax_bytes chunk)
{
    return hash_chunk(chunk, tree->nodes[index]);
}

wax_status wax_update_nodes_make(const wax_update_nodes *tree, uint8_t root[static WAX_SHA256_SIZE])
{
    uint8_t(*below)[WAX_SHA256_SIZE] = tree->nodes;
    wax_status status = WAX_OK;

    for (uint32_t count = tree->count; count > 1; count = (count + 1) / 2) {
        uint8_t(*above)[WAX_SHA256_SIZE] = below + count;

        for (uint32_t i = 0; status == WAX_OK && 2 * i + 1 < count; i++) {
            status = hash_pair(below[(size_t)2 * i], below[(size_t)2 * i + 1], above[i]);
        }
        if (count % 2 == 1) {
            memcpy(above[count / 2], below[count - 1], WAX_SHA256_SIZE);
        }
        below = above;
    }
    memcpy(root, below[0], WAX_SHA256_SIZE);
    return status;
}

void wax_update_nodes_prove(const wax_update_nodes *tree, uint32_t index, wax_writer *out)
{
    uint8_t(*level)[WAX_SHA256_SIZE] = tree->nodes;

    for (uint32_t count = tree->count; count > 1; count = (count + 1) / 2) {
        if ((index ^ 1U) < count) {
            wax_write_bytes(out, wax_bytes_of(level[index ^ 1U], WAX_SHA256_SIZE));
        }
        level += count;
        index >>= 1U;
    }
}

/* ---- One chunk ---- */

/* How many nodes prove a chunk. */
static size_t proof_count(uint32_t index, uint32_t count)
{
    size_t nodes = 0;

    for (; count > 1; count = (count + 1) / 2) {
        nodes += (index ^ 1U) < count ? 1U : 0U;
        index >>= 1U;
    }
    return nodes;
}

/* Climbs from a chunk to the root. */
static wax_status climb(uint32_t index, uint32_t count, const uint8_t *proof, uint8_t *node)
{
    wax_status status = WAX_OK;

    for (; status == WAX_OK && count > 1; count = (count + 1) / 2) {
        if (index % 2 == 1) {
            status = hash_pair(proof, node, node);
            proof += WAX_SHA256_SIZE;
        } else if (index + 1 < count) {
            status = hash_pair(node, proof, node);
            proof += WAX_SHA256_SIZE;
        }
        index >>= 1U;
    }
    return status;
}

wax_status wax_update_chunk_check(const wax_update_manifest *manifest, uint32_t index,
                                  wax_bytes message, wax_bytes *chunk)
{
    const uint32_t count = wax_update_chunk_count(manifest);
    uint8_t node[WAX_SHA256_SIZE];
    wax_status status;
    size_t size;

    *chunk = wax_bytes_of(NULL, 0);
    if (index >= count) {
        return WAX_MALFORMED;
    }
    size = wax_update_chunk_size(manifest, index);
    if (message.size != size + proof_count(index, count) * WAX_SHA256_SIZE) {
        return WAX_MALFORMED;
    }
    status = hash_chunk(wax_bytes_of(message.data, size), node);
    if (status == WAX_OK) {
        status = climb(index, count, message.data + size, node);
    }
    if (status == WAX_OK && !wax_secret_equals(node, manifest->root, sizeof node)) {
        status = WAX_UNTRUSTED;
    }
    if (status == WAX_OK) {
        *chunk = wax_bytes_of(message.data, size);
    }
    return status;
}
