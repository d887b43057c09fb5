/* adapters/xmpp/form.h: data forms, as far as our services use them: one line
 * of text a field. [XEP-0004, XEP-0068]
 */
#pragma once

#include "adapters/xmpp/stanza.h"

#define NS_DATA "jabber:x:data"

/* <x type='form'><title/><instructions/>, left open; NULL: without that. */
void form_begin(struct buf *b, const char *type, const char *title,
		const char *instructions);
/* <field var= type= label=><required/><value/></field> */
void form_field(struct buf *b, const char *var, const char *type,
		const char *label, bool is_required, struct str value);
void form_end(struct buf *b);

/* The form in a payload, or NULL. */
const struct xml_node *form_of(const struct xml_node *payload);
/* The first value of a field of a submitted form; absent when it is not there. */
struct str form_value(const struct xml_node *form, const char *var);
