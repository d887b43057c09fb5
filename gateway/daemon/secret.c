/* gateway/daemon/secret.c: see secret.h. */
#include "gateway/daemon/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "adapters/net/loop.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "gateway/daemon/files.h"

enum { KEY_N = 32, KEY_TEXT_MIN = 32 };

/* Whole or not at all: written beside its place, then linked there. Who comes
   second keeps the first one's. */
static int make(const char *path, struct errtext *why)
{
	uint8_t key[KEY_N];
	char hex[2 * KEY_N + 2], beside[PATH_MAX + 8];
	int fd, bad;

	snprintf(beside, sizeof(beside), "%s.new", path);
	unlink(beside);
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errtext_set(why, ERR_IO, "%s: %s", beside,
				   strerror(errno));
	net_random(key, sizeof(key));
	hash_hex(key, sizeof(key), hex);
	hex[sizeof(hex) - 2] = '\n';
	bad = write(fd, hex, sizeof(hex) - 1) != (ssize_t)sizeof(hex) - 1 ||
	      fsync(fd) != 0;
	close(fd);
	bad = bad || (link(beside, path) != 0 && errno != EEXIST);
	if (bad)
		errtext_set(why, ERR_IO, "%s: %s", path, strerror(errno));
	unlink(beside);
	mem_wipe(key, sizeof(key));
	mem_wipe(hex, sizeof(hex));
	return bad ? ERR_IO : 0;
}

int secret_load(struct config *c, struct errtext *why)
{
	struct errtext reason;
	char path[PATH_MAX];
	int n;

	n = snprintf(path, sizeof(path), "%.*s/secret.key",
		     STR_ARG(c->state_dir));
	if (n < 0 || (size_t)n >= sizeof(path))
		return errtext_set(why, ERR_LIMIT,
				   "the path of the state folder is too long");
	if (access(path, F_OK) != 0 && make(path, why) < 0)
		return ERR_IO;
	if (file_read_secret(c->arena, str_of(path), &c->secret_key,
			     &reason) < 0)
		return errtext_set(why, ERR_IO, "%s %s", path, reason.text);
	if (c->secret_key.n < KEY_TEXT_MIN)
		return errtext_set(why, ERR_SYNTAX,
				   "%s is too short for a key", path);
	return 0;
}
