/* A stranger pushes firmware to the thermostat of wax demo. */
#include "tools/demo_parts.h"

#include <stdlib.h>
#include <string.h>

enum {
    WHO = 2, /* columns */
    WHAT = 15,
    IMAGE_SIZE = 6000,
    REFUSED = 1, /* the exit code of wax update device */
};

static const char foreign[] = "backdoor 6.6.6";

/* At the levels without signatures: whatever stands on the topic is run. */
static bool push_plainly(struct demo_act *act)
{
    char *said;

    demo_show(act->show, WHAT, DEMO_PLAIN, "sends to home/firmware: ");
    demo_show(act->show, 0, DEMO_BOLD, "%s", foreign);
    demo_show_end(act->show);
    if (!demo_house_send(act, "stranger", wax_bytes_of_text(foreign), "home/firmware")) {
        return false;
    }
    (void)demo_stage_read(&act->stage, "thermostat.out", &said);
    act->outcome.runs_foreign = strstr(said, "home/firmware backdoor 6.6.6\n") != NULL;
    free(said);
    if (!act->outcome.runs_foreign) {
        (void)demo_house_reason(act, "thermostat.err", act->outcome.firmware,
                                sizeof act->outcome.firmware);
    }
    demo_show_verdict(act->show, WHAT, act->outcome.firmware, "the thermostat takes it");
    return true;
}

static bool do_update(struct demo_act *act, const char *words)
{
    int code = demo_stage_run(&act->stage, "update", "update %s", words);
    char *said;

    if (code != 0 && act->stage.fault[0] == '\0') {
        (void)demo_stage_read(&act->stage, "update.err", &said);
        (void)snprintf(act->stage.fault, sizeof act->stage.fault, "update %.80s: %.250s", words,
                       said);
        free(said);
    }
    return code == 0;
}

/* The vendor's version 6, which runs, and a stranger's version 7. */
static bool make_images(struct demo_act *act)
{
    static const char *const commands[] = {
        "key vendor.key",
        "key stranger.key",
        "sign v6 --vendor-key vendor.key --vendor acme --class thermostat --number 6",
        "sign v7 --vendor-key stranger.key --vendor acme --class thermostat --number 7",
        "device flash --factory v6 --trust vendor.key.pub --vendor acme --class thermostat",
    };
    uint8_t image[IMAGE_SIZE];

    memset(image, 6, sizeof image);
    if (!demo_stage_write(&act->stage, "v6", wax_bytes_of(image, sizeof image))) {
        return false;
    }
    memset(image, 7, sizeof image);
    if (!demo_stage_write(&act->stage, "v7", wax_bytes_of(image, sizeof image))) {
        return false;
    }
    for (size_t i = 0; i < WAX_COUNT(commands); i++) {
        if (!do_update(act, commands[i])) {
            return false;
        }
    }
    return true;
}

/* Publishes version 7, with the keys of the installer, as whoever has this login. */
static bool push(struct demo_act *act, enum demo_role role, const char *trust)
{
    char words[512];

    (void)snprintf(words, sizeof words,
                   "push v7 --trust %s --prefix firmware --seal installer.keys %s", trust,
                   demo_house_way(act, role, act->port));
    return do_update(act, words);
}

/* Lets the thermostat look for version 7. Returns 0 when it runs it, REFUSED when it does not. */
static int look(struct demo_act *act)
{
    return demo_stage_run(&act->stage, "device",
                          "update device flash --trust vendor.key.pub --vendor acme --class "
                          "thermostat --device thermostat --prefix firmware --seal "
                          "thermostat.keys --until 7 -W 45 %s",
                          demo_house_way(act, DEMO_THERMOSTAT, act->port));
}

/* The same image, signed by the vendor, is taken: so it was the signature. */
static bool sign_truly(struct demo_act *act)
{
    bool is_taken;

    if (!do_update(act, "sign v7 --vendor-key vendor.key --vendor acme --class thermostat "
                        "--number 7") ||
        !push(act, DEMO_OPERATOR, "vendor.key.pub")) {
        return false;
    }
    is_taken = look(act) == 0;
    demo_show(act->show, WHAT, DEMO_PLAIN, "the same, signed by its vendor: ");
    demo_show(act->show, 0, is_taken ? DEMO_GOOD : DEMO_BAD, "%s",
              is_taken ? "the thermostat runs version 7" : "the thermostat does not take it");
    demo_show_end(act->show);
    return true;
}

/* By somebody who has even stolen a key of the house, and lacks the vendor's. */
static bool push_signed(struct demo_act *act)
{
    int code;

    demo_show(act->show, WHAT, DEMO_PLAIN, "with a login and a stolen key of the house, pushes ");
    demo_show(act->show, 0, DEMO_BOLD, "version 7, signed by himself");
    demo_show_end(act->show);
    demo_stage_stop(&act->stage, act->thermostat); /* its keys are the updater's now */
    if (!make_images(act) || !push(act, DEMO_FORGER, "stranger.key.pub")) {
        return false;
    }
    code = look(act);
    act->outcome.runs_foreign = code == 0;
    if (code == REFUSED) {
        (void)demo_house_reason(act, "device.err", act->outcome.firmware,
                                sizeof act->outcome.firmware);
    }
    demo_show_verdict(act->show, WHAT, act->outcome.firmware,
                      code == 0 ? "the thermostat runs it" : "the thermostat says nothing");
    return code >= 0 && sign_truly(act);
}

bool demo_firmware(struct demo_act *act)
{
    demo_show(act->show, WHO, DEMO_PLAIN, "stranger");
    return act->level->is_blinded ? push_signed(act) : push_plainly(act);
}
