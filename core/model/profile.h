/* core/model/profile.h: what a user tells of himself, as far as it is kept
 * here: the data behind his vCard in each protocol that has one. Kept as text
 * in the user's row, one value a line; the display name is the row's own.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/buf.h"

enum profile_field {
	PROFILE_NAME,		/* as shown: "Bob Builder" */
	PROFILE_GIVEN, PROFILE_FAMILY, PROFILE_NICK,
	PROFILE_ORG, PROFILE_TITLE,
	PROFILE_PHONE, PROFILE_EMAIL, PROFILE_URL,
	PROFILE_NOTE,
	PROFILE_FIELDS_N
};

enum { PROFILE_VALUE_MAX = 512 };	/* bytes; ours */

struct profile {
	struct str v[PROFILE_FIELDS_N];		/* empty: not told */
};

const char *profile_field_name(enum profile_field f);	/* "given" */
/* PROFILE_FIELDS_N: no such field. */
enum profile_field profile_field_by_name(struct str name);

/* One clean line of bounded length, and what the field asks for: an "@" in an
   address, digits in a number, a scheme in a URL. Empty is fine: not told. */
bool profile_value_ok(enum profile_field f, struct str value);

/* In the arena; without the name, which the user's row has. ERR_LIMIT gives
   STR_NONE. */
struct str profile_pack(struct arena *a, const struct profile *p);
/* Slices of both; unknown lines, of a later version, are passed over. */
void profile_unpack(struct str display, struct str text, struct profile *out);
