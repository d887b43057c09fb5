/* adapters/xmpp/form.c: see form.h. */
#include "adapters/xmpp/form.h"

void form_begin(struct buf *b, const char *type, const char *title,
		const char *instructions)
{
	buf_put_str(b, STR("<x xmlns='" NS_DATA "'"));
	stanza_put_attr(b, "type", str_of(type));
	buf_put_char(b, '>');
	if (title)
		stanza_put_text(b, "title", NULL, str_of(title));
	if (instructions)
		stanza_put_text(b, "instructions", NULL, str_of(instructions));
}

void form_field(struct buf *b, const char *var, const char *type,
		const char *label, bool is_required, struct str value)
{
	buf_put_str(b, STR("<field"));
	stanza_put_attr(b, "var", str_of(var));
	stanza_put_attr(b, "type", str_of(type));
	stanza_put_attr(b, "label", str_of(label));
	buf_put_char(b, '>');
	if (is_required)
		buf_put_str(b, STR("<required/>"));
	if (value.n > 0)
		stanza_put_text(b, "value", NULL, value);
	buf_put_str(b, STR("</field>"));
}

void form_end(struct buf *b)
{
	buf_put_str(b, STR("</x>"));
}

const struct xml_node *form_of(const struct xml_node *payload)
{
	return xml_child(payload, NS_DATA, "x");
}

struct str form_value(const struct xml_node *form, const char *var)
{
	const struct xml_node *field, *value;

	for (field = form->child; field; field = field->next) {
		if (!xml_is(field, NS_DATA, "field") ||
		    !str_eq(xml_attr_of(field, "var"), str_of(var)))
			continue;
		value = xml_child(field, NS_DATA, "value");
		return value ? value->text : STR("");
	}
	return STR_NONE;
}
