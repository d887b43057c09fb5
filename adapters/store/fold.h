/* adapters/store/fold.h: the key under which addresses that differ only in
 * case meet. XMPP folds the local part of an address before it comes to us, so
 * "alice@..." may mean the SIP user "Alice" [RFC 7247 5, CP01].
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/str.h"

/* aor is canonical. Into the arena; aor itself for what has no user part. */
struct str fold_address(struct arena *a, struct str aor);
