/* Letters between threads: a chain under a mutex, and an eventfd that wakes the owner. */
#include "os/os.h"

#include <sys/eventfd.h>
#include <unistd.h>

void wax_letters_append(wax_letters *letters, wax_letter *letter)
{
    letter->next = NULL;
    if (letters->last == NULL) {
        letters->first = letter;
    } else {
        letters->last->next = letter;
    }
    letters->last = letter;
}

void wax_letters_join(wax_letters *letters, wax_letters *more)
{
    if (letters->first == NULL) {
        *letters = *more;
    } else if (more->first != NULL) {
        letters->last->next = more->first;
        letters->last = more->last;
    }
    *more = (wax_letters){NULL, NULL};
}

wax_letter *wax_letters_take(wax_letters *letters)
{
    wax_letter *letter = letters->first;

    if (letter != NULL) {
        letters->first = letter->next;
        if (letters->first == NULL) {
            letters->last = NULL;
        }
        letter->next = NULL;
    }
    return letter;
}

wax_status wax_mailbox_open(wax_mailbox *mailbox,
                            void (*ready)(wax_watch *self, bool readable, bool writable))
{
    *mailbox = (wax_mailbox){
        .watch = {.ready = ready, .descriptor = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)}
    };
    return mailbox->watch.descriptor < 0 || pthread_mutex_init(&mailbox->mutex, NULL) != 0 ? WAX_IO
                                                                                           : WAX_OK;
}

void wax_mailbox_close(wax_mailbox *mailbox)
{
    pthread_mutex_destroy(&mailbox->mutex);
    close(mailbox->watch.descriptor);
}

void wax_mailbox_ring(wax_mailbox *mailbox)
{
    uint64_t one = 1;

    if (write(mailbox->watch.descriptor, &one, sizeof one) != (ssize_t)sizeof one) {
        wax_assert(false);
    }
}

void wax_mailbox_post(wax_mailbox *mailbox, wax_letters *letters)
{
    bool wakes;

    if (letters->first == NULL) {
        return;
    }
    pthread_mutex_lock(&mailbox->mutex);
    wakes = mailbox->letters.first == NULL;
    wax_letters_join(&mailbox->letters, letters);
    pthread_mutex_unlock(&mailbox->mutex);
    if (wakes) {
        wax_mailbox_ring(mailbox);
    }
}

wax_letters wax_mailbox_take(wax_mailbox *mailbox)
{
    wax_letters letters;
    uint64_t number;

    /* The bell is reset before the letters are taken, so that none is left without a bell. */
    (void)!read(mailbox->watch.descriptor, &number, sizeof number);
    pthread_mutex_lock(&mailbox->mutex);
    letters = mailbox->letters;
    mailbox->letters = (wax_letters){NULL, NULL};
    pthread_mutex_unlock(&mailbox->mutex);
    return letters;
}
