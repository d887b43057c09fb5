/* core/codec/iscomposing.c: application/im-iscomposing+xml; see iscomposing.h.
 * [RFC 3994]
 *
 * A typing notice is worth little, so the order of its elements and what else
 * stands among them do not matter; its values do.
 */
#include "core/codec/iscomposing.h"

#include "core/base/utf8.h"
#include "core/codec/datetime.h"
#include "core/codec/xml.h"

#define ISCOMPOSING_XMLNS "urn:ietf:params:xml:ns:im-iscomposing"

/* 9999-12-31T24:00:00Z, where RFC 3339 ends. */
#define UTC_END_US INT64_C(253402300800000000)

static const struct xml_node *find(const struct xml_node *root,
				   const char *name)
{
	return xml_child(root, ISCOMPOSING_XMLNS, name);
}

/* A positive integer; what no counter can hold is as good as for ever. */
static int parse_refresh(struct str s, uint32_t *out)
{
	size_t i;

	if (s.n > 0 && s.p[0] == '+')
		s = str_from(s, 1);
	for (i = 0; i < s.n; i++)
		if (!ch_is_digit((unsigned char)s.p[i]))
			return ERR_SYNTAX;
	if (s.n > 0 && !str_u32(s, out))
		*out = UINT32_MAX;
	return s.n > 0 && *out > 0 ? 0 : ERR_SYNTAX;
}

/* To the millisecond: what datetime_put_3339 writes. */
static int parse_datetime(struct str s, int64_t *out)
{
	if (datetime_parse_3339(s, out) < 0)
		return ERR_SYNTAX;
	if (*out < 0 || *out >= UTC_END_US)
		return ERR_SYNTAX;
	*out -= *out % 1000;
	return 0;
}

static int take_elements(const struct xml_node *root, struct iscomposing *out)
{
	const struct xml_node *state = find(root, "state");
	const struct xml_node *refresh = find(root, "refresh");
	const struct xml_node *type = find(root, "contenttype");
	const struct xml_node *last = find(root, "lastactive");

	if (!state)
		return ERR_SYNTAX;
	out->is_active = str_eq(str_trim(state->text), STR("active"));
	if (refresh &&
	    parse_refresh(str_trim(refresh->text), &out->refresh_s) < 0)
		return ERR_SYNTAX;
	if (last &&
	    parse_datetime(str_trim(last->text), &out->last_active_utc_us) < 0)
		return ERR_SYNTAX;
	if (type)
		out->content_type = str_trim(type->text);
	return utf8_is_clean_line(out->content_type) ? 0 : ERR_SYNTAX;
}

/* The example of iscomposing.h: active, refresh 90. */
int iscomposing_parse(struct arena *a, struct str xml, struct iscomposing *out)
{
	struct xml_node *root;
	int err;

	*out = (struct iscomposing){ .refresh_s = 0 };
	err = xml_parse(a, xml, &root);
	if (err < 0)
		return err;
	if (!xml_is(root, ISCOMPOSING_XMLNS, "isComposing"))
		return ERR_SYNTAX;
	err = take_elements(root, out);
	if (err < 0)
		*out = (struct iscomposing){ .refresh_s = 0 };
	return err;
}

void iscomposing_put(struct buf *b, const struct iscomposing *c)
{
	char stamp[DATETIME_MAX];
	int64_t last = c->last_active_utc_us;

	if (last < 0 || last >= UTC_END_US) {
		buf_fail(b, ERR_SYNTAX);
		return;
	}
	buf_printf(b,
		   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
		   "<isComposing xmlns=\"" ISCOMPOSING_XMLNS "\">"
		   "<state>%s</state>",
		   c->is_active ? "active" : "idle");
	if (last) {
		buf_put_str(b, STR("<lastactive>"));
		buf_put_str(b, datetime_put_3339(last, stamp));
		buf_put_str(b, STR("</lastactive>"));
	}
	if (c->content_type.p) {
		buf_put_str(b, STR("<contenttype>"));
		xml_put_text(b, c->content_type);
		buf_put_str(b, STR("</contenttype>"));
	}
	if (c->refresh_s)
		buf_printf(b, "<refresh>%u</refresh>", (unsigned)c->refresh_s);
	buf_put_str(b, STR("</isComposing>"));
}
