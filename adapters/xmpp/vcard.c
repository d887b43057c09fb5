/* adapters/xmpp/vcard.c: see vcard.h. Children stand in the order of each
 * format's schema; what is not told is left out.
 */
#include "adapters/xmpp/vcard.h"

static void put(struct buf *b, const char *name, struct str value)
{
	if (value.n > 0)
		stanza_put_text(b, name, NULL, value);
}

/* Both formats demand a name to show. */
static void put_name(struct buf *b, const struct profile *p, struct str jid)
{
	const struct str *v = p->v;
	struct str given = v[PROFILE_GIVEN], family = v[PROFILE_FAMILY];

	if (v[PROFILE_NAME].n > 0) {
		xml_put_text(b, v[PROFILE_NAME]);
	} else if (given.n + family.n > 0) {
		xml_put_text(b, given);
		if (given.n > 0 && family.n > 0)
			buf_put_char(b, ' ');
		xml_put_text(b, family);
	} else {
		xml_put_text(b, jid);
	}
}

/* <outer><mark/><inner>value</inner></outer> */
static void put_nested(struct buf *b, const char *outer, const char *mark,
		       const char *inner, struct str value)
{
	if (value.n == 0)
		return;
	buf_printf(b, "<%s>%s", outer, mark);
	put(b, inner, value);
	buf_printf(b, "</%s>", outer);
}

void vcard_put(struct buf *b, const struct profile *p, struct str jid)
{
	const struct str *v = p->v;

	buf_put_str(b, STR("<vCard xmlns='" NS_VCARD "'><FN>"));
	put_name(b, p, jid);
	buf_put_str(b, STR("</FN><N>"));
	put(b, "FAMILY", v[PROFILE_FAMILY]);
	put(b, "GIVEN", v[PROFILE_GIVEN]);
	buf_put_str(b, STR("</N>"));
	put(b, "NICKNAME", v[PROFILE_NICK]);
	put_nested(b, "TEL", "<VOICE/>", "NUMBER", v[PROFILE_PHONE]);
	put_nested(b, "EMAIL", "<INTERNET/>", "USERID", v[PROFILE_EMAIL]);
	put(b, "JABBERID", jid);
	put(b, "TITLE", v[PROFILE_TITLE]);
	put_nested(b, "ORG", "", "ORGNAME", v[PROFILE_ORG]);
	put(b, "URL", v[PROFILE_URL]);
	put(b, "DESC", v[PROFILE_NOTE]);
	buf_put_str(b, STR("</vCard>"));
}

void vcard4_put(struct buf *b, const struct profile *p, struct str jid)
{
	const struct str *v = p->v;

	buf_put_str(b, STR("<vcard xmlns='" NS_VCARD4 "'><fn><text>"));
	put_name(b, p, jid);
	buf_put_str(b, STR("</text></fn>"));
	if (v[PROFILE_GIVEN].n + v[PROFILE_FAMILY].n > 0) {
		buf_put_str(b, STR("<n>"));
		put(b, "surname", v[PROFILE_FAMILY]);
		put(b, "given", v[PROFILE_GIVEN]);
		buf_put_str(b, STR("</n>"));
	}
	put_nested(b, "nickname", "", "text", v[PROFILE_NICK]);
	put_nested(b, "tel", "", "text", v[PROFILE_PHONE]);
	put_nested(b, "email", "", "text", v[PROFILE_EMAIL]);
	buf_put_str(b, STR("<impp><uri>xmpp:"));
	xml_put_text(b, jid);
	buf_put_str(b, STR("</uri></impp>"));
	put_nested(b, "title", "", "text", v[PROFILE_TITLE]);
	put_nested(b, "org", "", "text", v[PROFILE_ORG]);
	put_nested(b, "url", "", "uri", v[PROFILE_URL]);
	put_nested(b, "note", "", "text", v[PROFILE_NOTE]);
	buf_put_str(b, STR("</vcard>"));
}

void vcard4_put_item(struct buf *b, const struct profile *p, struct str jid)
{
	buf_put_str(b, STR("<pubsub xmlns='" NS_PUBSUB "'><items node='"
			   VCARD4_NODE "'><item id='current'>"));
	vcard4_put(b, p, jid);
	buf_put_str(b, STR("</item></items></pubsub>"));
}

void vcard_put_gateway(struct buf *b, struct str host)
{
	buf_put_str(b, STR("<vCard xmlns='" NS_VCARD "'>"
			   "<FN>Causeway</FN><N/>"));
	put(b, "JABBERID", host);
	buf_put_str(b, STR("<DESC>Gateway to SIP users</DESC></vCard>"));
}
