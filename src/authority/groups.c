/* Groups as they are made. */
#include <string.h>

#include "authority/blind.h"
#include "authority/epochs.h"
#include "authority/plain.h"

static bool is_suite(const wax_authority_group *group)
{
    return group->suite >= 1 && group->suite <= 3 && group->group_class <= 1 &&
           (group->tag_size == 16 || (group->tag_size == 8 && group->suite != 1));
}

static void judge(wax_authority *self, const wax_authority_group *group)
{
    const struct value by = of_text(group->name);

    authority_need(self, plain_is(group->name, WAX_KEYS_NAME_MAX), WAX_INVALID,
                   "a group's name is a text of 1 to 128 bytes, without control characters");
    authority_need(
        self, is_suite(group), WAX_INVALID,
        "there is no such suite, class or size of tags: suites are 1 to 3, tags have 16 bytes, or "
        "8 in suites 2 and 3");
    authority_need(self, group->kept >= 1 && group->kept <= 255, WAX_INVALID,
                   "a group keeps 1 to 255 epochs");
    authority_need(self, group->filter_count >= 1, WAX_INVALID, "a group needs a filter at least");
    for (size_t i = 0; i < group->filter_count; i++) {
        authority_need(
            self, blind_is_filter(group->filters[i]), WAX_INVALID,
            "a filter is a topic filter of MQTT, without control characters, that does not "
            "begin with $");
        authority_need(self, blind_takes(self, group->filters[i]), WAX_INVALID,
                       "a filter has a wildcard where no pattern of this namespace has one");
    }
    authority_need(self,
                   self->status != WAX_OK ||
                       ledger_number(self, "SELECT count(*) FROM groups WHERE name=?", &by) == 0,
                   WAX_INVALID, "there is a group of this name already");
}

static wax_keys_list write_filters(wax_authority *self, const wax_authority_group *group)
{
    wax_writer out = wax_writer_over(self->lists, LIST_SIZE);
    wax_keys_list filters = {.count = 0};

    for (size_t i = 0; self->status == WAX_OK && i < group->filter_count; i++) {
        wax_keys_add_text(&filters, &out, group->filters[i]);
    }
    authority_need(self, out.status == WAX_OK, WAX_INVALID,
                   "these are too many filters for one group");
    return filters;
}

static void insert(wax_authority *self, const wax_authority_group *group, uint64_t due_s,
                   const uint8_t *id)
{
    const wax_keys_list filters = write_filters(self, group);
    const uint8_t zeros[WAX_SHA256_SIZE] = {0};

    ledger_run(
        self,
        "INSERT INTO groups(name_id,name,suite,class,tag_size,filters,filter_count,epoch_s,kept,"
        "ack_s,signs,write_epoch,due_s,next_epoch,digest,sent_digest) "
        "VALUES(?,?,?,?,?,?,?,?,?,?,?,0,?,1,?13,?13)",
        (const struct value[]){
            of_blob(id, WAX_KEYS_ID_SIZE),
            of_text(group->name),
            of_number(group->suite),
            of_number(group->group_class),
            of_number(group->tag_size),
            of_blob(filters.items.data, filters.items.size),
            of_number(filters.count),
            of_number(group->epoch_s),
            of_number(group->kept),
            of_number(group->ack_s),
            of_number(group->signs ? 1 : 0),
            of_number(due_s),
            of_blob(zeros, sizeof zeros),
        });
}

wax_status wax_authority_add_group(wax_authority *self, const wax_authority_deed *deed,
                                   const wax_authority_group *group,
                                   uint8_t id[static WAX_KEYS_ID_SIZE])
{
    struct group made;
    const struct detail details[] = {
        {.name = "class",         .number = group->group_class},
        {.name = "suite",                       .number = group->suite},
        {.name = NULL}
    };

    memset(id, 0, WAX_KEYS_ID_SIZE);
    deed_begin(self);
    judge(self, group);
    authority_draw(self, id, WAX_KEYS_ID_SIZE);
    insert(self, group, 0, id);
    deed_note(self, deed, &(struct note){"group", group->name, details});
    group_find(self, group->name, &made);
    epoch_announce(self, deed, &made);
    epoch_settle(self, deed, &made);
    return deed_end(self);
}
