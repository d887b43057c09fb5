/* core/route/prefs.h: what the caller prefers against what a device registered.
 * [RFC 3841 7.2]
 *
 *   Reject-Contact     a device that names all its tags and fits: not tried
 *   Accept-Contact     the more of it a device speaks of, the earlier; with
 *     ;require         one that contradicts is not tried
 *     ;explicit        one that is silent about a part scores nothing
 *     both             one that is silent about a part is not tried
 *   no feature at all  immune: tried as if it fitted
 *   neither header     the method counts as a required preference, and if
 *                      nobody fits that, all are tried after all
 */
#pragma once

#include "core/codec/features.h"
#include "core/model/msg.h"

enum { PREFS_MAX = 8 };		/* of each header; further ones do not count */

struct prefs {
	struct features accept[PREFS_MAX], reject[PREFS_MAX];
	size_t accept_n, reject_n;
	bool is_implicit;	/* of the method only */
};

/* Slices into m. A value that does not parse is no preference. */
void prefs_of(const struct msg *m, struct prefs *out);
/* May a contact with these header parameters be tried? qa_milli_out is the
   caller's order among contacts of equal q, 1000 first. */
bool prefs_judge(const struct prefs *p, struct str params,
		 unsigned *qa_milli_out);
