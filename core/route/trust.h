/* core/route/trust.h: what a far side may learn of who sent it. */
#pragma once

#include "core/route/choose.h"

void trust_apply(const struct config *c, const struct msg *m,
		 const struct route *r, struct target *t);
