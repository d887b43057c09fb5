/* gateway/ctl/place.h: where the control socket is. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* node.control-socket of a configuration file, found by a plain look at it (the
   daemon is who checks it). False when the file cannot be read or the path is
   too long; what is not said there has its default. */
bool place_of(const char *config_file, char *out, size_t size);
