/* SPDX-License-Identifier: MIT */
#include "cli/print.h"

#include <errno.h>
#include <stdio.h>

nn_status nn_print(const nn_text *text)
{
    NN_TRY(nn_text_status(text));
    fwrite(nn_text_view(text), 1, text->length, stdout); /* nn_print_flush() sees a failure */
    return NN_OK;
}

nn_status nn_print_finish(nn_text *text)
{
    nn_status status = nn_print(text);
    nn_text_finish(text);
    return status;
}

nn_status nn_print_flush(void)
{
    if (fflush(stdout) != 0) {
        return nn_fail_errno(errno, "stdout can't be written");
    }
    return ferror(stdout) == 0 ? NN_OK : nn_fail(NN_ERR_IO, "stdout can't be written");
}
