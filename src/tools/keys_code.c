/* A QR code in blocks of half a line, for the eye of a phone. */
#include "tools/keys_code.h"

#include <qrencode.h>
#include <stdio.h>

enum { BORDER = 2 };

static bool is_dark(const QRcode *code, int row, int column)
{
    return row >= 0 && row < code->width && column >= 0 && column < code->width &&
           (code->data[row * code->width + column] & 1U) != 0;
}

bool keys_code_print(const char *text)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);

    if (code == NULL) {
        return false;
    }
    for (int row = -BORDER; row < code->width + BORDER; row += 2) {
        (void)fputs("\x1b[30;107m", stdout); /* black on white, whatever the terminal's colours */
        for (int column = -BORDER; column < code->width + BORDER; column++) {
            const bool top = is_dark(code, row, column);
            const bool bottom = is_dark(code, row + 1, column);

            (void)fputs(top && bottom ? "\u2588"
                        : top         ? "\u2580"
                        : bottom      ? "\u2584"
                                      : " ",
                        stdout);
        }
        (void)fputs("\x1b[0m\n", stdout);
    }
    QRcode_free(code);
    return true;
}
