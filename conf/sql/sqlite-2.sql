CREATE TABLE bindings_2 (
	aor TEXT NOT NULL,
	contact TEXT NOT NULL,
	params TEXT NOT NULL,
	instance TEXT NOT NULL,
	reg_id INTEGER NOT NULL,
	q_milli INTEGER NOT NULL,
	call_id TEXT NOT NULL,
	cseq INTEGER NOT NULL,
	path TEXT NOT NULL,
	flow TEXT NOT NULL,
	user_agent TEXT NOT NULL,
	expires INTEGER NOT NULL,
	is_plain INTEGER NOT NULL,
	PRIMARY KEY (aor, contact, instance, reg_id)
) WITHOUT ROWID;
INSERT INTO bindings_2 SELECT aor, contact, params, instance, reg_id, q_milli, call_id, cseq, path, flow, user_agent, expires, is_plain FROM bindings;
DROP TABLE bindings;
ALTER TABLE bindings_2 RENAME TO bindings;
