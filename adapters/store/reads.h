/* adapters/store/reads.h: facts and claims, on the reader thread. */
#pragma once

#include "adapters/store/db.h"
#include "core/base/buf.h"
#include "core/model/user.h"

/* All of one user in one snapshot; exists says whether there is one. */
enum store_err reads_user(struct db *db, struct str aor, bool is_folded,
			  struct user **out);

/* An answer with its own arena. */
struct rows *reads_rows_new(void);

/* Text of a note that has not expired, in the arena; absent if there is none. */
enum store_err reads_note(struct db *db, const uint8_t key[32],
			  int64_t now_utc_us, struct arena *a, struct str *out);

enum store_err reads_lane(struct db *db, const struct claim *c,
			  struct rows *out);
enum store_err reads_reports(struct db *db, const struct claim *c,
			     struct rows *out);
/* Foreign users who registered, after claim.lane. */
enum store_err reads_contacts(struct db *db, const struct claim *c,
			      struct rows *out);
/* The row with claim.id, if it is there. */
enum store_err reads_one(struct db *db, const struct claim *c,
			 struct rows *out);

/* A look over all lanes, in slices. Each begins where the last one ended, so
   that lanes which always have something due do not hide the others. */
struct lane_walk {
	struct buf at;	 /* after this lane */
	struct str stop; /* where it began; empty: at the first */
	bool has_wrapped;
	bool is_over; /* max were found, or all were looked at */
};

/* Lanes found are added to out. */
enum store_err reads_due_lanes(struct db *db, const struct claim *c,
			       int64_t now_utc_us, struct lane_walk *w,
			       struct rows *out);
