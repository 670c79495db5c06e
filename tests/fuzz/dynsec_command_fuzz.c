/* Any bytes as commands of dynamic security: there is an answer, and the model stays one that can
 * be written, read and asked. */
#include "fuzz.h"

#include "dynsec/dynsec.h"

static const char house[] =
    "{\"clients\":[{\"username\":\"u\",\"roles\":[{\"rolename\":\"r\"}]}],"
    "\"groups\":[{\"groupname\":\"g\",\"clients\":[{\"username\":\"u\"}]}],"
    "\"roles\":[{\"rolename\":\"r\",\"acls\":[{\"acltype\":\"publishClientSend\","
    "\"topic\":\"t\",\"allow\":true}]}]}";

/* The model is whole: it is written, and read as what it is. */
static void check(const wax_dynsec *dynsec)
{
    wax_dynsec_fault fault;
    wax_dynsec_table *table;
    wax_dynsec *read;
    wax_bytes text;
    size_t left_out;

    fuzz_require(wax_dynsec_compile(dynsec, &table) == WAX_OK);
    wax_dynsec_release(table);
    fuzz_require(wax_dynsec_write(dynsec, &text) == WAX_OK);
    fuzz_require(wax_dynsec_parse(&read, text, &left_out, &fault) == WAX_OK && left_out == 0);
    wax_dynsec_wipe_text(&text);
    wax_dynsec_free(read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wax_dynsec_order order = {.payload = wax_bytes_of(data, size)};
    wax_dynsec_fault fault;
    wax_dynsec *dynsec;
    size_t left_out;

    fuzz_require(wax_dynsec_parse(&dynsec, wax_bytes_of_text(house), &left_out, &fault) == WAX_OK);
    fuzz_require(wax_dynsec_command(dynsec, &order) == WAX_OK);
    fuzz_require(order.answer.size > 0);
    fuzz_require(wax_dynsec_amend(&order.answer, "not saved") == WAX_OK);
    wax_dynsec_wipe_text(&order.answer);
    check(dynsec);
    wax_dynsec_free(dynsec);
    return 0;
}
