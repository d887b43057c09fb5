/* gateway/daemon/secret.h: the key of this node, for addresses it gives out and
 * must know again (core/participating/gruu.h): the file "secret.key" in the
 * state folder, made at the first start. Nodes that share users share it.
 */
#pragma once

#include "core/model/config.h"

/* Into c->secret_key; makes the file when there is none. */
int secret_load(struct config *c, struct errtext *why) MUST_CHECK;
