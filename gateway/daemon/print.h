/* gateway/daemon/print.h: a configuration as a file again. */
#pragma once

#include "core/base/buf.h"
#include "gateway/daemon/options.h"

/* Every option with its value, secrets as "***": what --print-config says. A
   valid file: loading it gives the same output. */
void print_config(struct buf *out, const struct config *c);
