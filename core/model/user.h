/* core/model/user.h: all that a decision must know of one user, as one
 * read-only snapshot: who he is, what he may, where he is, what waits for him.
 * One read, one cache line of life [design/traces.md B1].
 */
#pragma once

#include "core/model/addr.h"
#include "core/model/binding.h"

/* What a foreign user who registered with this gateway has (XEP-0100, 0077):
   nothing else of him is kept. */
enum contact_flag {
	CONTACT_REGISTERED = 1,
	CONTACT_SEES_US = 2,	/* our presence goes to him */
	CONTACT_IS_SEEN = 4,	/* his presence comes to us */
};

/* Ours: their own servers make accounts for the asking, so somewhere there
   must be an end. */
enum { CONTACTS_MAX = 65536 };

struct user {
	struct str aor;		/* canonical address text: the key */
	bool exists;		/* false: the snapshot says there is none */
	bool is_barred;		/* may not use the service: 403 "127 ..." */
	bool is_out_barred;	/* may receive only */
	struct str login;	/* user name of his credentials */
	struct str display;
	struct str ha1_md5, ha1_sha256;	/* lower-case hex, may be empty */
	struct str profile;	/* profile_pack(), or empty */
	struct str senders;	/* core/route/senders.h, or empty */
	unsigned contact;	/* enum contact_flag; 0: a user of ours */
	/* settings: what PUBLISH will change later */
	bool is_active;		/* takes messages at all; default true */
	bool has_offline_delivery;	/* store while absent; default true */
	bool store_on_busy;	/* default false */
	uint32_t quota_count;	/* stored messages; 0: the configured limit */
	uint64_t quota_bytes;
	/* where he is */
	struct binding *bindings;	/* best q first; expired ones included
				   until a REGISTER or the sweep drops them */
	size_t bindings_n;
	/* what waits */
	uint32_t backlog_count;	/* stored messages for him, as of the read */
	uint64_t backlog_bytes;
	struct arena *arena;	/* holds all of it; freed with the last ref;
				   NULL when packed: all lies behind the
				   struct */
	size_t bytes;		/* packed: what it takes */
};

/* An empty snapshot (exists == false) with one reference and its own arena. */
struct user *user_new(struct str aor);
void user_put(struct user *u);
/* The same in one allocation of just its size, as a million of them are held;
   one reference. Nothing can be added to it. */
struct user *user_pack(const struct user *u);
size_t user_bytes(const struct user *u);	/* for the cache's budget */
