/* Any bytes as a file of dynamic security: refused in words, or a table that can be asked anything;
 * and what is written of it is read again as the same. */
#include "fuzz.h"

#include "dynsec/dynsec.h"

/* Asks whoever is in the file, and others, for topics of all kinds. */
static void ask(const wax_dynsec_table *table, const char *user)
{
    static const char *const topics[] = {"a/b", "$CONTROL/dynamic-security/v1", "$SYS/x", "d/c/#"};
    wax_access_identity identity = {wax_bytes_of_text(user), user != NULL, WAX_TEXT("c")};
    const wax_dynsec_user *known = wax_dynsec_find(table, &identity);
    wax_access access = wax_rules_for(NULL, &identity);
    bool is_known = known->standing.is_known;

    wax_access_stand(&access, &known->standing);
    for (size_t i = 0; i < WAX_COUNT(topics); i++) {
        wax_bytes topic = wax_bytes_of_text(topics[i]);
        bool is_sent = wax_access_judge(&access, WAX_ACTION_WRITE, topic, NULL);
        bool is_read = wax_access_judge(&access, WAX_ACTION_READ, topic, NULL);
        bool is_wanted = wax_standing_lets_subscribe(&access, topic, topic);

        fuzz_require(is_known || !(is_sent || is_read || is_wanted));
        (void)wax_standing_lets_unsubscribe(&access, topic, (wax_bytes){NULL, 0});
    }
}

static void compile(const wax_dynsec *dynsec)
{
    wax_dynsec_table *table;

    fuzz_require(wax_dynsec_compile(dynsec, &table) == WAX_OK);
    ask(table, "u");
    ask(table, "");
    ask(table, NULL);
    wax_dynsec_release(table);
}

static void write_again(const wax_dynsec *dynsec)
{
    wax_dynsec_fault fault;
    wax_dynsec *read;
    wax_bytes first;
    wax_bytes second;
    size_t left_out;

    fuzz_require(wax_dynsec_write(dynsec, &first) == WAX_OK);
    fuzz_require(wax_dynsec_parse(&read, first, &left_out, &fault) == WAX_OK);
    fuzz_require(left_out == 0);
    fuzz_require(wax_dynsec_write(read, &second) == WAX_OK);
    fuzz_require(wax_bytes_equal(first, second));
    wax_dynsec_wipe_text(&first);
    wax_dynsec_wipe_text(&second);
    wax_dynsec_free(read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wax_dynsec_fault fault;
    wax_dynsec *dynsec;
    size_t left_out;

    if (wax_dynsec_parse(&dynsec, wax_bytes_of(data, size), &left_out, &fault) != WAX_OK) {
        fuzz_require(dynsec == NULL && fault.text[0] != '\0');
        return 0;
    }
    compile(dynsec);
    write_again(dynsec);
    wax_dynsec_free(dynsec);
    return 0;
}
