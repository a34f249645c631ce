/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

int main(int count, char **arguments)
{
    return nn_cli_main(count, arguments);
}
