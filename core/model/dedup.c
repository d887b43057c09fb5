/* core/model/dedup.c: who repeats: the same sender, recipient and id.
 * What has no id of its own is told apart by what its protocol repeats; ids
 * that are short and reused count only together with the content
 * [design: scale.md 3.3]. A report repeats when it says the same of the same
 * message, so that a display is told once [RFC 5438 7.2.1.3].
 */
#include "core/base/hash.h"
#include "core/model/msg.h"

static void hash_field(struct hash *h, struct str s)
{
	uint32_t n = (uint32_t)s.n;

	hash_update(h, &n, sizeof(n));	/* lengths keep fields apart */
	hash_update_str(h, s);
}

bool msg_dedup_key(const struct msg *m, const struct addr *to,
		   uint8_t key[32])
{
	struct str id = m->has_own_id ? m->id : m->dedup_id;
	uint8_t kind[3] = { (uint8_t)m->kind, 0, 0 };
	struct hash h;

	if (m->kind == MSG_REPORT) {
		id = m->report.msg_id;
		kind[1] = (uint8_t)m->report.kind;
		/* processed, then stored: both are news */
		if (m->report.kind == IMDN_PROCESSING)
			kind[2] = (uint8_t)m->report.status;
	}
	if (m->kind == MSG_COMPOSING || str_empty(id))
		return false;
	hash_init(&h, HASH_SHA256);
	hash_update(&h, kind, sizeof(kind));
	hash_field(&h, m->from.text);
	hash_field(&h, to->text);
	hash_field(&h, id);
	if (m->is_short_id && m->kind == MSG_CONTENT) {
		hash_field(&h, m->from.instance);
		hash_field(&h, m->body.bytes);
	}
	hash_final(&h, key);
	return true;
}

const uint8_t *msg_key(struct msg *m)
{
	if (m->key_state == MSG_KEY_UNKNOWN)
		m->key_state = msg_dedup_key(m, &m->to[0], m->key) ?
			       MSG_KEY_MADE : MSG_KEY_NONE;
	return m->key_state == MSG_KEY_MADE ? m->key : NULL;
}
