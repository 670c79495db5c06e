/* What an administrator has brought about is told to be done when the disk has it: all workers hand
 * over what they have, and then the store is asked, which answers behind that. */
#include "broker/control.h"

#include <stdlib.h>

struct settling {
    wax_store_task task;
    struct inquiry *inquiry;
};

static void free_state(struct inquiry *inquiry)
{
    free(inquiry->state);
}

/* On the thread of the store, after all that was committed before. */
static void answer(wax_store_task *task, wax_store_view *view)
{
    struct settling *settling = WAX_OWNER(task, struct settling, task);
    struct inquiry *inquiry = settling->inquiry;
    struct control *control = inquiry->peer->control;
    const wax_store *store = control->broker->store;
    wax_letters letters = {NULL, NULL};

    (void)view;
    inquiry->is_done = true;
    if (store->kind->state(store) != WAX_OK) {
        inquiry->fault = "it is done, but the disk takes nothing now: it is lost if the broker "
                         "ends before `wax ctl status` says that the store has recovered";
    }
    wax_letters_append(&letters, &inquiry->note.letter);
    wax_mailbox_post(&control->mailbox, &letters);
}

/* All workers have committed: the answer comes when the store has got so far. */
static void ask_store(struct peer *peer)
{
    wax_store *store = peer->control->broker->store;
    struct settling *settling = calloc(1, sizeof *settling);
    struct inquiry *inquiry = settling == NULL ? NULL : peer_inquire(peer, NULL);

    if (inquiry == NULL) {
        free(settling);
        if (peer->request_size > 0) {
            peer_end(peer, "the broker has too little memory to answer");
        }
        return;
    }
    settling->task.run = answer;
    settling->inquiry = inquiry;
    inquiry->state = settling;
    inquiry->discard = free_state;
    store->kind->ask(store, &settling->task);
}

static void finish(struct inquiry *inquiry)
{
    ask_store(inquiry->peer);
}

/* What a worker has changed it commits at the end of its turn: it is asked again in the next. */
static void work(struct worker *worker, struct inquiry *inquiry)
{
    (void)worker;
    inquiry->is_done = inquiry->cursor++ > 0;
}

void control_settle(struct peer *peer)
{
    struct inquiry *inquiry = peer_inquire(peer, work);

    if (inquiry != NULL) {
        inquiry->finish = finish;
        inquiry_ask_all(inquiry);
    }
}

void inquiry_settle(struct inquiry *inquiry)
{
    if (inquiry->fault != NULL) {
        peer_end(inquiry->peer, inquiry->fault);
    } else {
        control_settle(inquiry->peer);
    }
}
