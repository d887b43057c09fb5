"""Databases with very many users or waiting messages, made from one real row
of each kind: whatever columns there are, the copies differ in what names them.
Nothing here waits for the disk; the daemon that opens the file later does."""

import os
import socket
import sqlite3
import time

OPTIONS = ("OPTIONS sip:{domain} SIP/2.0\r\n"
           "Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{n};rport\r\n"
           "Max-Forwards: 70\r\nFrom: <sip:probe@{domain}>;tag=p{n}\r\n"
           "To: <sip:{domain}>\r\nCall-ID: probe{n}\r\nCSeq: 1 OPTIONS\r\n"
           "Content-Length: 0\r\n\r\n")
ASK_AGAIN_S = 0.005


def database(node):
    return os.path.join(node.state, "causeway.db")


def _open(node):
    db = sqlite3.connect(database(node), isolation_level=None)
    db.execute("PRAGMA journal_mode = OFF")
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA cache_size = -400000")
    db.execute("PRAGMA temp_store = MEMORY")
    return db


def _copy(db, table, where, change, first, last):
    """Copies first to last - 1 of the row that where names. change: column ->
    SQL with i for the number; a column that is no part of it stays as it is."""
    columns = [row[1] for row in db.execute("PRAGMA table_info(%s)" % table)
               if row[1] != "seq"]
    db.execute("CREATE TEMP TABLE one AS SELECT * FROM %s WHERE %s LIMIT 1" %
               (table, where))
    db.execute(
        "INSERT INTO %s (%s) WITH RECURSIVE c(i) AS (VALUES (?1) UNION ALL"
        " SELECT i + 1 FROM c WHERE i + 1 < ?2) SELECT %s FROM c, one"
        " ORDER BY 1" % (table, ", ".join(columns),
                         ", ".join(change(name) for name in columns)),
        (first, last))
    db.execute("DROP TABLE one")


def _as_user(name):
    """u0 becomes u<i>; numbers and hashes have no u in them."""
    return ("CASE WHEN typeof(%s) = 'text' THEN replace(%s, 'u0', 'u' || i)"
            " ELSE %s END" % (name, name, name))


def grow_users(node, first, last):
    """Users u<first> to u<last - 1> with a contact each, as u0 has them."""
    db = _open(node)
    try:
        db.execute("BEGIN")
        _copy(db, "users", "login = 'u0'", _as_user, first, last)
        _copy(db, "bindings", "contact LIKE 'sip:u0@%'", _as_user, first, last)
        db.execute("COMMIT")
        db.execute("PRAGMA journal_mode = WAL")
    finally:
        db.close()


def grow_backlog(node, n, lanes):
    """n more messages like the one that waits, for so many absent users, due
    in an hour."""
    def as_todo(name):
        soon = str(int((time.time() + 3600) * 1e6))
        return {"id": "(i * 2 + 1) * 1000003", "msg_id": "i * 2 * 1000003",
                "due": soon, "wake": soon,
                "lane": "'user:sip:b' || (i %% %d) || '@sip.example'" % lanes,
                }.get(name, name)

    def as_msg(name):
        return {"id": "i * 2 * 1000003", "refs": "1"}.get(name, name)
    db = _open(node)
    try:
        db.execute("BEGIN")
        _copy(db, "msgs", "1", as_msg, 1, n + 1)
        _copy(db, "todos", "1", as_todo, 1, n + 1)
        db.execute("COMMIT")
        db.execute("PRAGMA journal_mode = WAL")
    finally:
        db.close()


async def start_timed(node, domain, timeout=60):
    """Seconds from the start of the process to its first answer."""
    begin = time.monotonic()
    await node.spawn_daemon()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", node.port))
        s.settimeout(ASK_AGAIN_S)
        for n in range(int(timeout / ASK_AGAIN_S)):
            try:
                s.send(OPTIONS.format(domain=domain, n=n,
                                      port=s.getsockname()[1]).encode())
                if s.recv(4096).startswith(b"SIP/2.0 "):
                    return time.monotonic() - begin
            except ConnectionRefusedError:
                time.sleep(ASK_AGAIN_S)
            except socket.timeout:
                pass
    raise AssertionError("%s does not answer" % node.name)
