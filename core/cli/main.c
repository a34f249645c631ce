/* SPDX-License-Identifier: MIT */
#include <nnrun/version.h>

#include <stdio.h>

int main(void)
{
    puts("nnrun " NNRUN_VERSION);
    return 0;
}
