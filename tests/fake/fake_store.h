/* tests/fake/fake_store.h: the store port in memory, with the semantics of the
 * real one, driven by the test: what is submitted waits until
 * fake_store_run() works on it and answers. Never from inside a call, each
 * exactly once, in order within a partition; across partitions in any order
 * when asked so. The same seed and calls give the same run. One thread.
 */
#pragma once

#include "core/base/buf.h"
#include "core/port/store.h"

struct fake_store;

struct fake_store *fake_store_new(uint64_t seed);
void fake_store_free(struct fake_store *fs); /* drops what waits unanswered */
struct store fake_store_port(struct fake_store *fs);

/* The store's clock: which dedup rows are alive, which leases lapsed. */
void fake_store_set_now(struct fake_store *fs, int64_t now_utc_us);

/* Does and answers at most n of what waits (also what handlers submit
   meanwhile, as far as n allows); how many were answered. */
size_t fake_store_run(struct fake_store *fs, size_t n);
size_t fake_store_waiting(const struct fake_store *fs);

/* ---- misbehaviour --------------------------------------------------------- */

/* Commits that have no partition in common may overtake each other, and reads
   anything, by the seed. */
void fake_store_reorder(struct fake_store *fs, bool is_on);
/* The next n commits write nothing and are answered so (FULL, DOWN, FENCED). */
void fake_store_fail(struct fake_store *fs, enum store_err err, size_t n);
/* The next n reads and claims are answered STORE_DOWN. */
void fake_store_fail_reads(struct fake_store *fs, size_t n);
/* The next n commits that hold an OP_DEDUP are done, but answered as
   duplicates of themselves: the answer of the first time had got lost. */
void fake_store_replay(struct fake_store *fs, size_t n);
/* is_full() and ERR_LIMIT when so many commits, or so many reads, wait;
   0: the usual 8192. */
void fake_store_limit(struct fake_store *fs, size_t n);

/* ---- at the table --------------------------------------------------------- */

/* At once, without a commit. With u->bindings, when there are any. */
void fake_store_put_user(struct fake_store *fs, const struct user *u);
void fake_store_put_binding(struct fake_store *fs, struct str aor,
			    const struct binding *b);
void fake_store_put_todo(struct fake_store *fs, const struct todo *t);
void fake_store_put_due(struct fake_store *fs, const struct due *d);
/* Somebody else owns it from now on (another node's lease). */
void fake_store_put_owner(struct fake_store *fs, struct str resource,
			  uint32_t node, uint64_t epoch,
			  int64_t lease_until_utc_us);

/* One line per row, "kind key=value ...", tables in the order user, binding,
   msg, todo, dedup, note, due, live, owner, account; rows in the order of their
   making, values escaped as in the log. only: one kind, or absent for all. */
void fake_store_dump(const struct fake_store *fs, struct str only,
		     struct buf *b);
size_t fake_store_count(const struct fake_store *fs, struct str kind);
