/* core/codec/imdn.c: message/imdn+xml; see imdn.h. [RFC 5438 11]
 *
 * The schema fixes the order of the elements and what each kind of
 * notification may say; both are checked, because a report that is taken for
 * another one changes what a sender believes of his message. Elements of other
 * namespaces are extensions and skipped.
 */
#include "core/codec/imdn.h"

#include "core/base/utf8.h"
#include "core/codec/datetime.h"
#include "core/codec/xml.h"

#define IMDN_XMLNS "urn:ietf:params:xml:ns:imdn"
#define DEPTH_MAX 16u /* four are used; the rest is for extensions */

/* 9999-12-31T24:00:00Z, where RFC 3339 ends. */
#define UTC_END_US INT64_C(253402300800000000)

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* In the order of the schema. The three notifications share one place: a
   report holds one of them. */
enum place {
	PLACE_MESSAGE_ID = 1,
	PLACE_DATETIME,
	PLACE_RECIPIENT,
	PLACE_ORIGINAL_RECIPIENT,
	PLACE_SUBJECT,
	PLACE_NOTIFICATION,
};

/* clang-format off */
static const struct {
	const char *name;
	enum place place;
} elements[] = {
	{ "message-id", PLACE_MESSAGE_ID },
	{ "datetime", PLACE_DATETIME },
	{ "recipient-uri", PLACE_RECIPIENT },
	{ "original-recipient-uri", PLACE_ORIGINAL_RECIPIENT },
	{ "subject", PLACE_SUBJECT },
	{ "delivery-notification", PLACE_NOTIFICATION },
	{ "display-notification", PLACE_NOTIFICATION },
	{ "processing-notification", PLACE_NOTIFICATION },
};
/* clang-format on */

/* By enum imdn_kind and by enum imdn_status. */
static const char *const kind_names[] = {
	"delivery-notification",
	"display-notification",
	"processing-notification",
};

static const char *const status_names[] = {
	"delivered", "failed",	  "displayed", "processed",
	"stored",    "forbidden", "error",
};

bool imdn_status_fits(enum imdn_kind kind, enum imdn_status status)
{
	switch (status) {
	case IMDN_DELIVERED:
	case IMDN_FAILED:
		return kind == IMDN_DELIVERY;
	case IMDN_DISPLAYED:
		return kind == IMDN_DISPLAY;
	case IMDN_PROCESSED:
	case IMDN_STORED:
		return kind == IMDN_PROCESSING;
	case IMDN_FORBIDDEN:
	case IMDN_ERROR:
		return kind == IMDN_DELIVERY || kind == IMDN_DISPLAY ||
		       kind == IMDN_PROCESSING;
	}
	return false;
}

/* ---- reading ------------------------------------------------------------- */

/* No deeper than levels? xml_parse bounds the recursion. */
static bool is_flat_enough(const struct xml_node *n, unsigned levels)
{
	const struct xml_node *child;

	if (levels == 0)
		return false;
	for (child = n->child; child; child = child->next)
		if (!is_flat_enough(child, levels - 1))
			return false;
	return true;
}

/* The place of an element, 0 for an extension. */
static int place_of(const struct xml_node *n)
{
	size_t i;

	for (i = 0; i < COUNT(elements); i++)
		if (xml_is(n, IMDN_XMLNS, elements[i].name))
			return (int)elements[i].place;
	return 0;
}

static int name_index(const struct xml_node *n, const char *const *names,
		      size_t names_n)
{
	size_t i;

	for (i = 0; i < names_n; i++)
		if (xml_is(n, IMDN_XMLNS, names[i]))
			return (int)i;
	return -1;
}

/* An id or address: one line without controls. */
static int take_line(const struct xml_node *n, struct str *out)
{
	*out = str_trim(n->text);
	return out->n > 0 && utf8_is_clean_line(*out) ? 0 : ERR_SYNTAX;
}

/* A subject may have been wrapped: controls become blanks, those at the ends
   nothing. */
static int take_subject(struct arena *a, const struct xml_node *n,
			struct str *out)
{
	struct str text = n->text;
	char *p = arena_alloc(a, text.n);
	size_t i;

	if (!p)
		return ERR_LIMIT;
	for (i = 0; i < text.n; i++)
		p[i] = ch_is_ctl((unsigned char)text.p[i]) ? ' ' : text.p[i];
	*out = str_trim((struct str){ p, text.n });
	return 0;
}

/* To the millisecond: what datetime_put_3339 writes. */
static int take_datetime(const struct xml_node *n, int64_t *out)
{
	if (datetime_parse_3339(str_trim(n->text), out) < 0)
		return ERR_SYNTAX;
	if (*out < 0 || *out >= UTC_END_US)
		return ERR_SYNTAX;
	*out -= *out % 1000;
	return 0;
}

/* <display-notification><status><displayed/></status>: exactly one status that
   we know, and one of its kind. */
static int take_notification(const struct xml_node *n, struct imdn *out)
{
	const struct xml_node *status = xml_child(n, IMDN_XMLNS, "status");
	const struct xml_node *child;
	int found = -1;

	out->kind = (enum imdn_kind)name_index(n, kind_names,
					       COUNT(kind_names));
	if (!status)
		return ERR_SYNTAX;
	for (child = status->child; child; child = child->next) {
		int i = name_index(child, status_names, COUNT(status_names));

		if (i >= 0 && found >= 0)
			return ERR_SYNTAX;
		if (i >= 0)
			found = i;
	}
	if (found < 0)
		return ERR_SYNTAX;
	out->status = (enum imdn_status)found;
	return imdn_status_fits(out->kind, out->status) ? 0 : ERR_SYNTAX;
}

static int take_element(struct arena *a, enum place place,
			const struct xml_node *n, struct imdn *out)
{
	switch (place) {
	case PLACE_MESSAGE_ID:
		return take_line(n, &out->message_id);
	case PLACE_DATETIME:
		return take_datetime(n, &out->utc_us);
	case PLACE_RECIPIENT:
		return take_line(n, &out->recipient_uri);
	case PLACE_ORIGINAL_RECIPIENT:
		return take_line(n, &out->original_recipient_uri);
	case PLACE_SUBJECT:
		return take_subject(a, n, &out->subject);
	case PLACE_NOTIFICATION:
		return take_notification(n, out);
	}
	return ERR_SYNTAX;
}

static int take_elements(struct arena *a, const struct xml_node *root,
			 struct imdn *out)
{
	const struct xml_node *n;
	unsigned seen = 0;
	int last = 0;

	for (n = root->child; n; n = n->next) {
		int place = place_of(n), err;

		if (place == 0)
			continue;
		if (place <= last)
			return ERR_SYNTAX;
		last = place;
		seen |= 1u << place;
		err = take_element(a, (enum place)place, n, out);
		if (err < 0)
			return err;
	}
	/* The schema wants both addresses or none; one alone is common. */
	if (!(seen & 1u << PLACE_MESSAGE_ID) ||
	    !(seen & 1u << PLACE_DATETIME) ||
	    !(seen & 1u << PLACE_NOTIFICATION))
		return ERR_SYNTAX;
	return 0;
}

/* The example of imdn.h: message_id "Kq81", kind DELIVERY, status DELIVERED. */
int imdn_parse(struct arena *a, struct str xml, struct imdn *out)
{
	struct xml_node *root;
	int err;

	*out = (struct imdn){ .utc_us = 0 };
	err = xml_parse(a, xml, &root);
	if (err < 0)
		return err;
	if (!is_flat_enough(root, DEPTH_MAX))
		return ERR_LIMIT;
	if (!xml_is(root, IMDN_XMLNS, "imdn"))
		return ERR_SYNTAX;
	err = take_elements(a, root, out);
	if (err < 0)
		*out = (struct imdn){ .utc_us = 0 };
	return err;
}

/* ---- writing ------------------------------------------------------------- */

static void put_element(struct buf *b, const char *name, struct str text)
{
	buf_put_char(b, '<');
	buf_put_str(b, str_of(name));
	buf_put_char(b, '>');
	xml_put_text(b, text);
	buf_put_str(b, STR("</"));
	buf_put_str(b, str_of(name));
	buf_put_char(b, '>');
}

void imdn_put(struct buf *b, const struct imdn *d)
{
	char stamp[DATETIME_MAX];
	const char *kind;

	if (d->message_id.n == 0 || d->utc_us < 0 || d->utc_us >= UTC_END_US ||
	    !imdn_status_fits(d->kind, d->status)) {
		buf_fail(b, ERR_SYNTAX);
		return;
	}
	kind = kind_names[d->kind];
	buf_put_str(b, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
			   "<imdn xmlns=\"" IMDN_XMLNS "\">"));
	put_element(b, "message-id", d->message_id);
	put_element(b, "datetime", datetime_put_3339(d->utc_us, stamp));
	if (d->recipient_uri.n > 0)
		put_element(b, "recipient-uri", d->recipient_uri);
	if (d->original_recipient_uri.n > 0)
		put_element(b, "original-recipient-uri",
			    d->original_recipient_uri);
	if (d->subject.p)
		put_element(b, "subject", d->subject);
	buf_printf(b, "<%s><status><%s/></status></%s></imdn>", kind,
		   status_names[d->status], kind);
}
