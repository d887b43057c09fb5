/* tests/fake/fake_store_priv.h: the tables of the fake store. Rows are never
 * changed but replaced, so that a transaction is undone by its list of what
 * came and went, backwards.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/list.h"
#include "tests/fake/fake_store.h"

enum table {
	T_USER,
	T_BINDING,
	T_MSG,
	T_TODO,
	T_DEDUP,
	T_NOTE,
	T_DUE,
	T_LIVE,
	T_OWNER,
	T_ACCOUNT,
	TABLES_N
};

struct row {
	struct list_link link;
	struct arena *arena; /* of its strings and of the row itself */
	enum table table;
	struct user *user; /* T_USER: without bindings */
	struct str folded;
	struct str aor; /* T_BINDING */
	struct binding binding;
	uint64_t id; /* T_MSG, T_LIVE */
	int refs;
	struct str data;      /* T_MSG packed, T_DEDUP answer, T_LIVE saved,
				   T_ACCOUNT line */
	struct todo todo;     /* T_TODO, without msg */
	uint64_t epoch;	      /* T_TODO, T_OWNER */
	uint8_t key[32];      /* T_DEDUP */
	int64_t until_utc_us; /* T_DEDUP, T_OWNER */
	struct due due;	      /* T_DUE */
	uint64_t seq;
	struct str resource; /* T_OWNER */
	uint32_t node;
	uint64_t boot;
};

struct undo {
	struct row *row;
	struct list_link *after; /* where a removed row stood */
	bool was_added;
	int refs; /* before; -1: not about refs */
};

struct fake_job;

struct fake_store {
	struct list_link tables[TABLES_N];
	struct undo *undo;
	size_t undo_n, undo_size;
	uint64_t known[PARTITIONS_N]; /* epochs this store took */
	uint64_t seq;
	uint64_t rng;
	int64_t now_utc_us;
	char lanes_at[1024];
	size_t lanes_at_n;
	struct fake_job *jobs, **jobs_end;
	size_t commits_n, reads_n, limit;
	bool is_reordering;
	enum store_err fail_err;
	size_t fail_n, fail_reads_n, replay_n;
};

/* fake_store_ops.c */
struct str fake_dup(struct arena *a, struct str s);
struct row *fake_row_new(enum table t);
void fake_row_free(struct row *r);
struct row *fake_row_add(struct fake_store *fs, struct row *r);
enum store_err fake_ops_run(struct fake_store *fs, const struct write *w,
			    size_t n, struct store_result *out);
void fake_ops_keep(struct fake_store *fs); /* the transaction stands */
void fake_ops_undo(struct fake_store *fs);

/* fake_store_reads.c */
enum store_err fake_read_user(struct fake_store *fs, struct str aor,
			      bool is_folded, struct user **out);
struct rows *fake_claim(struct fake_store *fs, const struct claim *c,
			int64_t now_utc_us);

#define list_for(fs, t, it_row, at, tmp)                                    \
	list_each(at, tmp,                                                  \
		  &(fs)->tables[t]) if (((it_row) = list_of(at, struct row, \
							    link)))

struct str fake_note(struct fake_store *fs, const uint8_t key[32]);
