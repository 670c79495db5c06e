/* A tree of topic levels: places that are found by their parent and their text, in one look at a
 * hash table. Both the subscriptions and the retained messages hang on such a tree. Private to the
 * room. */
#ifndef WAX_ROUTER_TREE_H
#define WAX_ROUTER_TREE_H

#include "router/table.h"

/* A text of up to this size lies in the node, a longer one in memory of its own. */
#define WAX_SHORT_TEXT 16U

enum wax_node_kind {
    WAX_LEVEL, /* a level of a topic or filter */
    WAX_SHARE, /* the name of a group that shares the filter of its parent */
};

/* What every place of a tree begins with. Place 0 is the root. */
struct wax_node {
    struct wax_item item;
    uint32_t parent;
    uint32_t uses; /* children, and whatever else the owner counts; at 0 it is to be removed */
    uint16_t text_size;
    uint8_t kind;
    uint8_t text[WAX_SHORT_TEXT]; /* or the bytes of a pointer to it */
};

struct wax_tree {
    struct wax_table nodes;
    uint64_t key[2];
};

/* A text to be looked for, perhaps below many parents: its hash is computed once. */
struct wax_name {
    wax_bytes text;
    uint64_t hash;
    uint8_t kind;
};

/* Goes through the levels of a topic or filter. */
struct wax_levels {
    wax_bytes rest;
    bool is_over;
};

/* Makes a tree of its root alone. `node_size` is that of the owner's nodes.
 * Returns WAX_OK; WAX_FULL when there is no memory, and there is nothing to close. */
wax_status wax_tree_open(struct wax_tree *tree, wax_memory *memory, const uint64_t key[static 2],
                         uint32_t node_size) WAX_CHECKED;

/* Gives all memory back. */
void wax_tree_close(struct wax_tree *tree);

struct wax_name wax_tree_name(const struct wax_tree *tree, wax_bytes text, uint8_t kind);

/* The child of `parent` with this name, or 0. */
uint32_t wax_tree_find(const struct wax_tree *tree, uint32_t parent, const struct wax_name *name);

/* Adds a child, which must not exist; `parent` has one more use. Returns 0 without memory. */
uint32_t wax_tree_add(struct wax_tree *tree, uint32_t parent, const struct wax_name *name);

/* Removes a node that is not used, and is not the root. Returns its parent, which has one use less.
 */
uint32_t wax_tree_remove(struct wax_tree *tree, uint32_t index);

/* The text of a node, as long as it exists. */
wax_bytes wax_node_text(const struct wax_node *node);

/* The size of the topic or filter whose last level is this node; and writes it, so that it ends at
 * `end`. */
size_t wax_tree_path_size(const struct wax_tree *tree, uint32_t index);
void wax_tree_path_write(const struct wax_tree *tree, uint32_t index, uint8_t *end);

struct wax_levels wax_levels_of(wax_bytes topic);

/* Gives each level once, the empty ones too; false after the last. */
bool wax_levels_next(struct wax_levels *levels, wax_bytes *level);

/* The node with this index, the root included. */
void *wax_tree_at(const struct wax_tree *tree, uint32_t index);

#endif
