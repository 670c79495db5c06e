/* A mailbox becomes keys: first all of it is prepared beside what is in use, then it takes its
 * place at once. */
#include "member/internal.h"

#include <string.h>

void wax_member_topic(const wax_member *member, const char *kind, wax_writer *out)
{
    wax_write_bytes(out, member->config->prefix);
    wax_write_u8(out, '/');
    wax_write_bytes(out, wax_bytes_of_text(kind));
    wax_write_u8(out, '/');
    wax_write_bytes(out, member->config->device);
}

wax_keys_ends member_ends(const wax_member *member, const char *kind, wax_writer *topic)
{
    const wax_member_config *config = member->config;

    wax_member_topic(member, kind, topic);
    return (wax_keys_ends){
        .profile = config->profile,
        .name_space = config->name_space,
        .topic = wax_writer_bytes(topic),
        .psk = config->psk,
        .own_secret = config->own_secret,
        .peer = config->keeper,
    };
}

/* --- Preparing --- */

/* A filter as the broker sees it. */
static bool blind_filter(struct box *box, wax_bytes *filter)
{
    wax_writer out =
        wax_writer_over(box->pool.data + box->pool.used, box->pool.size - box->pool.used);

    if (box->blinder.key == NULL) {
        return true;
    }
    if (wax_blind_filter(&box->blinder, *filter, &out) != WAX_OK) {
        return false;
    }
    *filter = wax_writer_bytes(&out);
    box->pool.used += out.used;
    return true;
}

static bool read_filters(struct box *box, struct grant *grant)
{
    wax_keys_list list = grant->view.filters;
    wax_bytes *filters = member_take(&box->pool, list.count, sizeof(*filters));
    size_t count = 0;
    wax_bytes filter;

    while (filters != NULL && wax_keys_next_text(&list, &filter)) {
        if (!blind_filter(box, &filter)) {
            return false;
        }
        filters[count++] = filter;
    }
    grant->group.filters = filters;
    grant->group.filter_count = count;
    return filters != NULL;
}

/* Those that open, and the one to seal with. */
static bool read_epochs(struct box *box, struct grant *grant)
{
    wax_keys_list list = grant->view.epochs;
    wax_epoch_key *epochs = member_take(&box->pool, list.count, sizeof(*epochs));
    wax_keys_epoch row;

    while (epochs != NULL && wax_keys_next_epoch(&list, &row)) {
        if (row.epoch == grant->view.write_epoch && row.what != WAX_KEYS_CLASS_SECRET) {
            grant->own = row;
        }
        if (row.what != WAX_KEYS_SENDER_SECRET && (grant->view.role & WAX_KEYS_READS) != 0) {
            epochs[grant->epoch_count++] =
                (wax_epoch_key){row.epoch, (wax_epoch_what)row.what, row.secret};
        }
    }
    grant->epochs = epochs;
    return epochs != NULL;
}

static bool read_senders(struct box *box, struct grant *grant)
{
    wax_keys_list list = grant->view.senders;
    size_t count = list.count / 2;
    wax_sender_range *ranges = member_take(&box->pool, count, sizeof(*ranges));
    uint64_t first;
    uint64_t last;

    while (ranges != NULL && wax_keys_next_number(&list, &first) &&
           wax_keys_next_number(&list, &last)) {
        ranges[grant->range_count++] = (wax_sender_range){(uint32_t)first, (uint32_t)last};
    }
    grant->ranges = ranges;
    return ranges != NULL;
}

static bool read_signers(struct box *box, struct grant *grant)
{
    wax_keys_list list = grant->view.signers;
    wax_sender_key *keys = member_take(&box->pool, list.count, sizeof(*keys));
    wax_sender_key key;

    while (keys != NULL && wax_keys_next_signer(&list, &key.sender, &key.public_key)) {
        keys[grant->key_count++] = key;
    }
    grant->keys = keys;
    return keys != NULL;
}

static bool read_floors(struct box *box, struct grant *grant)
{
    wax_keys_list list = grant->view.floors;
    wax_sender_floor *floors = member_take(&box->pool, list.count, sizeof(*floors));
    wax_keys_floor_row row;

    while (floors != NULL && wax_keys_next_floor(&list, &row)) {
        floors[grant->floor_count++] = (wax_sender_floor){row.sender, row.epoch, row.position};
    }
    grant->floors = floors;
    return floors != NULL;
}

static bool read_padding(struct box *box, struct grant *grant)
{
    wax_keys_list list = grant->view.padding;
    uint32_t *sizes = member_take(&box->pool, list.count, sizeof(*sizes));
    uint64_t number = WAX_PAD_NONE;

    if (sizes == NULL || (list.count != 0 && !wax_keys_next_number(&list, &number))) {
        return false;
    }
    grant->padding = (wax_padding){(wax_padding_kind)number, sizes, 0};
    while (wax_keys_next_number(&list, &number)) {
        sizes[grant->padding.count++] = (uint32_t)number;
    }
    return true;
}

static wax_status prepare_group(const wax_member *member, struct box *box, struct grant *grant)
{
    const wax_keys_group *view = &grant->view;

    grant->group = (wax_seal_group){
        .suite = member->config->suite(view->suite),
        .group_class = view->group_class == 0 ? WAX_CLASS_STATE : WAX_CLASS_STREAM,
        .tag_size = (uint8_t)view->tag_size,
    };
    if (grant->group.suite == NULL) {
        return WAX_INVALID;
    }
    memcpy(grant->group.id, view->id, sizeof(grant->group.id));
    return read_filters(box, grant) && read_epochs(box, grant) && read_senders(box, grant) &&
                   read_signers(box, grant) && read_floors(box, grant) && read_padding(box, grant)
               ? WAX_OK
               : WAX_FULL;
}

static wax_status prepare_blinding(const wax_member *member, struct box *box)
{
    const wax_keys_blinding *blinding = &box->mailbox.blinding;
    wax_keys_list list = blinding->patterns;
    wax_bytes *patterns = member_take(&box->pool, list.count, sizeof(*patterns));
    size_t count = 0;
    wax_bytes pattern;

    box->blinder = (wax_blinder){.key = NULL};
    if (blinding->key == NULL) {
        return WAX_OK;
    }
    if (patterns == NULL) {
        return WAX_FULL;
    }
    while (wax_keys_next_text(&list, &pattern)) {
        patterns[count++] = pattern;
    }
    box->blinder = (wax_blinder){
        .hash = member->config->blind == NULL ? NULL : member->config->blind(blinding->hash),
        .key = blinding->key,
        .variant = (uint8_t)blinding->variant,
        .patterns = patterns,
        .pattern_count = count,
        .prefix = member->config->prefix,
        .room = member->names,
    };
    return box->blinder.hash == NULL ? WAX_INVALID : WAX_OK;
}

wax_status member_prepare(const wax_member *member, struct box *box)
{
    wax_keys_list list = box->mailbox.groups;
    wax_keys_group view;
    wax_status status;

    box->pool.used = 0;
    box->grant_count = 0;
    if (list.count > member->config->group_count) {
        return WAX_FULL;
    }
    status = prepare_blinding(member, box);
    box->grants = member_take(&box->pool, list.count, sizeof(*box->grants));
    if (box->grants == NULL) {
        return WAX_FULL;
    }
    while (status == WAX_OK && wax_keys_next_group(&list, &view)) {
        box->grants[box->grant_count].view = view;
        status = prepare_group(member, box, &box->grants[box->grant_count]);
        box->grant_count++;
    }
    return status;
}

/* --- Taking into use --- */

static const struct grant *grant_of(const struct box *box, const uint8_t *id)
{
    for (size_t i = 0; i < box->grant_count; i++) {
        if (memcmp(box->grants[i].group.id, id, WAX_KEYS_ID_SIZE) == 0) {
            return &box->grants[i];
        }
    }
    return NULL;
}

static struct slot *slot_of(const wax_member *member, const uint8_t *id)
{
    struct slot *vacant = NULL;

    for (size_t i = 0; i < member->config->group_count; i++) {
        struct slot *slot = &member->slots[i];

        if (slot->grant != NULL && memcmp(slot->id, id, sizeof(slot->id)) == 0) {
            return slot;
        }
        if (slot->grant == NULL && vacant == NULL) {
            vacant = slot;
        }
    }
    return vacant;
}

/* Forgets a group, but for the tables that are its place's. */
static void vacate(const wax_member *member, struct slot *slot)
{
    wax_sender_record *senders = slot->opener.senders;
    wax_topic_record *topics = slot->opener.topics;

    wax_wipe(senders, member->config->sender_count * sizeof(*senders));
    wax_wipe(topics, member->config->topic_count * sizeof(*topics));
    wax_wipe(slot, sizeof(*slot));
    slot->opener.senders = senders;
    slot->opener.topics = topics;
}

static bool is_kept(const struct grant *grant, uint32_t epoch)
{
    for (size_t i = 0; i < grant->epoch_count; i++) {
        if (grant->epochs[i].epoch == epoch) {
            return true;
        }
    }
    return false;
}

void member_forget_keys(const struct grant *grant, wax_sender_record *senders, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_kept(grant, senders[i].epoch)) {
            wax_wipe(senders[i].secret, sizeof(senders[i].secret));
            wax_wipe(senders[i].secret_before, sizeof(senders[i].secret_before));
            wax_wipe(senders[i].key, sizeof(senders[i].key));
        }
    }
}

static void bind_opener(wax_member *member, const struct box *box, struct slot *slot)
{
    const struct grant *grant = slot->grant;
    wax_opener *opener = &slot->opener;

    opener->group = &grant->group;
    opener->room = member->room;
    opener->epochs = grant->epochs;
    opener->epoch_count = grant->epoch_count;
    opener->epochs_kept = grant->view.kept;
    opener->ranges = grant->ranges;
    opener->range_count = grant->range_count;
    opener->keys = grant->keys;
    opener->key_count = grant->key_count;
    opener->verify = member->config->verify;
    opener->floors = grant->floors;
    opener->floor_count = grant->floor_count;
    opener->sender_count = member->config->sender_count;
    opener->topic_count =
        grant->group.group_class == WAX_CLASS_STATE ? member->config->topic_count : 0;
    opener->boot_nonce = member->boot_nonce;
    opener->step_max = member->config->step_max == 0 ? STEP_MAX : member->config->step_max;
    memcpy(opener->hash_key, member->boot_nonce, sizeof(member->boot_nonce));
    opener->keep = member->config->forgets || slot->grant->group.group_class != WAX_CLASS_STREAM
                       ? NULL
                       : member_keep_came;
    opener->keeper = slot;
    opener->is_name = box->blinder.key == NULL ? NULL : wax_blind_is_of;
    opener->blinder = box->blinder.key == NULL ? NULL : &box->blinder;
}

/* The secret that a sender starts the write epoch with. */
static wax_status own_secret(const struct grant *grant, uint8_t *secret)
{
    if (grant->own.secret == NULL || (grant->view.role & WAX_KEYS_WRITES) == 0 ||
        grant->view.sender == 0) {
        return WAX_NOT_AUTHORIZED;
    }
    if (grant->own.what == WAX_KEYS_EPOCH_SECRET) {
        return wax_seal_sender_secret(&grant->group, grant->own.epoch, grant->own.secret,
                                      grant->view.sender, secret);
    }
    memcpy(secret, grant->own.secret, WAX_SECRET_SIZE);
    return WAX_OK;
}

/* The window below which a sender uses nothing. */
static uint16_t first_window(const struct grant *grant)
{
    return grant->view.first_position == WAX_KEYS_NONE
               ? 0
               : (uint16_t)(grant->view.first_position / WAX_WINDOW_SIZE);
}

/* A sender that runs goes on; in a new epoch, under a new number, or where it is told to begin
 * further on, it starts. */
static void bind_sealer(wax_member *member, struct slot *slot)
{
    const struct grant *grant = slot->grant;
    wax_sealer *sealer = &slot->sealer;
    uint8_t secret[WAX_SECRET_SIZE];
    bool goes_on = sealer->is_started && sealer->epoch == grant->view.write_epoch &&
                   sealer->sender == grant->view.sender && sealer->window >= first_window(grant) &&
                   (grant->view.role & WAX_KEYS_WRITES) != 0;

    sealer->group = &grant->group;
    sealer->store = &member->windows.base;
    sealer->room = member->room;
    if (goes_on) {
        return;
    }
    wax_sealer_end(sealer);
    sealer->sender = grant->view.sender;
    slot->may_send = own_secret(grant, secret);
    if (slot->may_send == WAX_OK) {
        wax_seal_grant start = {grant->view.write_epoch, secret, first_window(grant)};

        slot->may_send = wax_sealer_start(sealer, &start);
    }
    wax_wipe(secret, sizeof(secret));
}

void member_adopt(wax_member *member, struct box *box)
{
    struct box *before = member->current;

    for (size_t i = 0; i < member->config->group_count; i++) {
        struct slot *slot = &member->slots[i];

        if (slot->grant != NULL && grant_of(box, slot->id) == NULL) {
            vacate(member, slot);
        }
    }
    for (size_t i = 0; i < box->grant_count; i++) {
        struct slot *slot = slot_of(member, box->grants[i].group.id);

        wax_assert(slot != NULL);
        slot->member = member;
        slot->grant = &box->grants[i];
        memcpy(slot->id, slot->grant->group.id, sizeof(slot->id));
        member_forget_keys(slot->grant, slot->opener.senders, member->config->sender_count);
        bind_opener(member, box, slot);
        bind_sealer(member, slot);
    }
    member->current = box;
    if (before != NULL) {
        wax_wipe(before->message, member->config->mailbox_size);
    }
}

/* Whether the topic belongs to the one group rather than to the other; both match it. */
static bool is_nearer(const struct grant *one, const struct grant *other, wax_bytes topic)
{
    const wax_seal_group pair[] = {one->group, other->group};

    return wax_seal_group_of(pair, 2, topic) == &pair[0];
}

struct slot *member_find(wax_member *member, wax_bytes topic)
{
    const struct grant *best = NULL;

    /* One group at a time is asked, so that the winner is known by its place. */
    for (size_t i = 0; member->current != NULL && i < member->current->grant_count; i++) {
        const struct grant *grant = &member->current->grants[i];

        if (wax_seal_group_of(&grant->group, 1, topic) != NULL &&
            (best == NULL || is_nearer(grant, best, topic))) {
            best = grant;
        }
    }
    return best == NULL ? NULL : slot_of(member, best->group.id);
}

/* --- The mailbox --- */

static bool is_held(const wax_member *member, const wax_keys_mailbox *mailbox)
{
    return member->current != NULL && member->current->mailbox.version == mailbox->version &&
           member->current->mailbox.generation == mailbox->generation;
}

wax_status member_secure(struct mark *mark)
{
    wax_member_store *store = mark->member->config->store;
    wax_status status = WAX_OK;

    if (!mark->is_secured) {
        status = member_prepare(mark->member, mark->box);
        if (status == WAX_OK && mark->message.size != 0) {
            status = store->save(store, WAX_MEMBER_MAILBOX, NULL, mark->message);
        }
        mark->is_secured = status == WAX_OK;
    }
    return status;
}

/* The mailbox is saved, then its mark, then it is used: whenever the power goes off, the next start
 * has one mailbox whose mark is not above it, and no mark of one that could not be used. */
wax_status member_take_mailbox(wax_member *member, wax_bytes message, bool is_saved)
{
    const wax_member_config *config = member->config;
    struct box *spare = &member->boxes[member->current == &member->boxes[0] ? 1 : 0];
    uint8_t room[WAX_KEYS_TOPIC_MAX];
    wax_writer topic = wax_writer_over(room, sizeof(room));
    wax_keys_ends ends = member_ends(member, "k", &topic);
    wax_status status;

    if (message.size > config->mailbox_size) {
        return WAX_FULL;
    }
    if (message.size != 0) {
        memcpy(spare->message, message.data, message.size);
    }
    member->mark.box = spare;
    member->mark.message = is_saved ? wax_bytes_of(NULL, 0) : message;
    member->mark.is_secured = false;
    status = wax_keys_mailbox_open(&spare->mailbox, &member->mark.base, &ends, spare->message,
                                   message.size);
    if (status == WAX_OK && !is_held(member, &spare->mailbox)) {
        status = member_secure(&member->mark);
        if (status == WAX_OK) {
            member_adopt(member, spare);
            return WAX_OK;
        }
    }
    wax_wipe(spare->message, config->mailbox_size);
    return status;
}

wax_status wax_member_take_mailbox(wax_member *member, wax_bytes message)
{
    return member_take_mailbox(member, message, false);
}
