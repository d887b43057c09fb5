/* core/model/report.c: names of what became of a message, as store, trace and
 * flow scripts write them. [RFC 5438 7.2.1]
 */
#include "core/model/msg_priv.h"

const char *const msg_status_names[MSG_STATUSES_N] = {
	[IMDN_DELIVERED] = "delivered", [IMDN_FAILED] = "failed",
	[IMDN_DISPLAYED] = "displayed", [IMDN_PROCESSED] = "processed",
	[IMDN_STORED] = "stored",	[IMDN_FORBIDDEN] = "forbidden",
	[IMDN_ERROR] = "error",
};

const char *report_status_name(enum imdn_status s)
{
	return msg_status_names[s];
}

bool report_status_by_name(struct str name, enum imdn_status *out)
{
	unsigned i;

	for (i = 0; i < MSG_STATUSES_N; i++) {
		if (!str_eq(name, str_of(msg_status_names[i])))
			continue;
		*out = (enum imdn_status)i;
		return true;
	}
	return false;
}
