/* The tree of topic levels. */
#include "router/tree.h"

#include <string.h>

wax_status wax_tree_open(struct wax_tree *tree, wax_memory *memory, const uint64_t key[static 2],
                         uint32_t node_size)
{
    tree->key[0] = key[0];
    tree->key[1] = key[1];
    return wax_table_open(&tree->nodes, memory, node_size);
}

void *wax_tree_at(const struct wax_tree *tree, uint32_t index)
{
    return wax_table_at(&tree->nodes, index);
}

static uint8_t *long_text(const struct wax_node *node)
{
    uint8_t *text;

    memcpy(&text, node->text, sizeof text);
    return text;
}

static void release_text(struct wax_tree *tree, struct wax_node *node)
{
    wax_memory *memory = tree->nodes.items.memory;

    if (node->text_size > WAX_SHORT_TEXT) {
        (void)memory->resize(memory, long_text(node), node->text_size, 0);
        node->text_size = 0;
    }
}

void wax_tree_close(struct wax_tree *tree)
{
    for (uint32_t i = 1; i < tree->nodes.item_count; i++) {
        release_text(tree, wax_tree_at(tree, i));
    }
    wax_table_close(&tree->nodes);
}

struct wax_name wax_tree_name(const struct wax_tree *tree, wax_bytes text, uint8_t kind)
{
    return (struct wax_name){.text = text, .hash = wax_hash(tree->key, text), .kind = kind};
}

static uint32_t edge_hash(uint32_t parent, const struct wax_name *name)
{
    return wax_table_hash(name->hash, (uint64_t)parent << 1 | name->kind);
}

static bool is_named(const struct wax_node *node, const struct wax_name *name)
{
    return node->text_size == name->text.size && node->kind == name->kind &&
           wax_bytes_equal(wax_node_text(node), name->text);
}

uint32_t wax_tree_find(const struct wax_tree *tree, uint32_t parent, const struct wax_name *name)
{
    uint32_t hash = edge_hash(parent, name);
    uint32_t index = wax_table_first(&tree->nodes, hash);

    while (index != 0) {
        const struct wax_node *node = wax_tree_at(tree, index);

        if (node->item.hash == hash && node->parent == parent && is_named(node, name)) {
            return index;
        }
        index = node->item.chain;
    }
    return 0;
}

uint32_t wax_tree_add(struct wax_tree *tree, uint32_t parent, const struct wax_name *name)
{
    wax_memory *memory = tree->nodes.items.memory;
    uint8_t *text = NULL;
    struct wax_node *node;
    uint32_t index;

    wax_assert(name->text.size <= UINT16_MAX);
    if (name->text.size > WAX_SHORT_TEXT) {
        text = memory->resize(memory, NULL, 0, name->text.size);
        if (text == NULL) {
            return 0;
        }
    }
    index = wax_table_add(&tree->nodes, edge_hash(parent, name));
    if (index == 0) {
        if (text != NULL) {
            (void)memory->resize(memory, text, name->text.size, 0);
        }
        return 0;
    }
    node = wax_tree_at(tree, index);
    node->parent = parent;
    node->kind = name->kind;
    node->text_size = (uint16_t)name->text.size;
    if (text != NULL) {
        memcpy(node->text, &text, sizeof text);
    } else {
        text = node->text;
    }
    if (name->text.size != 0) {
        memcpy(text, name->text.data, name->text.size);
    }
    ((struct wax_node *)wax_tree_at(tree, parent))->uses++;
    return index;
}

uint32_t wax_tree_remove(struct wax_tree *tree, uint32_t index)
{
    struct wax_node *node = wax_tree_at(tree, index);
    struct wax_node *parent = wax_tree_at(tree, node->parent);

    wax_assert(index != 0 && node->uses == 0 && parent->uses != 0);
    release_text(tree, node);
    wax_table_remove(&tree->nodes, index);
    parent->uses--;
    return node->parent;
}

wax_bytes wax_node_text(const struct wax_node *node)
{
    const uint8_t *text = node->text_size > WAX_SHORT_TEXT ? long_text(node) : node->text;

    return wax_bytes_of(text, node->text_size);
}

size_t wax_tree_path_size(const struct wax_tree *tree, uint32_t index)
{
    size_t size = 0;

    while (index != 0) {
        const struct wax_node *node = wax_tree_at(tree, index);

        index = node->parent;
        size += node->text_size + (index != 0 ? 1U : 0U);
    }
    return size;
}

void wax_tree_path_write(const struct wax_tree *tree, uint32_t index, uint8_t *end)
{
    while (index != 0) {
        const struct wax_node *node = wax_tree_at(tree, index);
        wax_bytes text = wax_node_text(node);

        end -= text.size;
        if (text.size != 0) {
            memcpy(end, text.data, text.size);
        }
        index = node->parent;
        if (index != 0) {
            *--end = '/';
        }
    }
}

struct wax_levels wax_levels_of(wax_bytes topic)
{
    return (struct wax_levels){.rest = topic};
}

bool wax_levels_next(struct wax_levels *levels, wax_bytes *level)
{
    const wax_bytes rest = levels->rest;
    const uint8_t *slash;

    if (levels->is_over) {
        return false;
    }
    slash = rest.size == 0 ? NULL : memchr(rest.data, '/', rest.size);
    if (slash == NULL) {
        *level = rest;
        levels->is_over = true;
        return true;
    }
    *level = wax_bytes_of(rest.data, (size_t)(slash - rest.data));
    levels->rest = wax_bytes_of(slash + 1, rest.size - level->size - 1U);
    return true;
}
