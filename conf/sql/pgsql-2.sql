ALTER TABLE bindings DROP CONSTRAINT bindings_pkey;
ALTER TABLE bindings ALTER COLUMN instance TYPE TEXT COLLATE "C";
ALTER TABLE bindings ADD PRIMARY KEY (aor, contact, instance, reg_id);
