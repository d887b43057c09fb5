/* gateway/daemon/files.c: see files.h. Called while a configuration is loaded,
 * which is the only time the loop may wait for a disk.
 */
#include "gateway/daemon/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/mem.h"

#define SECRET_BYTES_MAX 4096u

/* A descriptor of a regular file, or a negative err. Opened without waiting,
   so that a named pipe cannot stall the start. */
static int open_plain(const char *path, struct stat *st, struct errtext *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return errtext_set(why, ERR_IO, "cannot be opened: %s",
				   strerror(errno));
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
		return fd;
	close(fd);
	return errtext_set(why, ERR_IO, "is not a regular file");
}

static int read_all(int fd, struct buf *out, struct errtext *why)
{
	char piece[4096];
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errtext_set(why, ERR_IO, "cannot be read: %s",
					   strerror(errno));
		buf_put(out, piece, (size_t)n);
		if (out->err)
			return errtext_set(why, ERR_LIMIT,
					   "is larger than %zu bytes",
					   out->max);
	}
	mem_wipe(piece, sizeof(piece));
	return 0;
}

int file_read(const char *path, struct buf *out, struct errtext *why)
{
	struct stat st;
	int err, fd = open_plain(path, &st, why);

	if (fd < 0)
		return fd;
	err = read_all(fd, out, why);
	close(fd);
	return err;
}

static int open_checked(struct str path, bool is_private, struct errtext *why)
{
	char text[PATH_MAX];
	struct stat st;
	int fd;

	if (path.n == 0 || path.n >= sizeof(text))
		return errtext_set(why, ERR_LIMIT, "is no usable path");
	memcpy(text, path.p, path.n);
	text[path.n] = '\0';
	fd = open_plain(text, &st, why);
	if (fd < 0 || !is_private || !(st.st_mode & S_IRWXO))
		return fd;
	close(fd);
	return errtext_set(why, ERR_DENIED,
			   "is open to everybody (mode %04o, "
			   "expected 0640 or less)",
			   (unsigned)(st.st_mode & 07777));
}

int file_read_secret(struct arena *a, struct str path, struct str *out,
		     struct errtext *why)
{
	struct str line;
	struct buf text;
	int err, fd;

	fd = open_checked(path, true, why);
	if (fd < 0)
		return fd;
	buf_init(&text, SECRET_BYTES_MAX);
	err = read_all(fd, &text, why);
	close(fd);
	if (!err) {
		line = buf_str(&text);
		line = str_trim(str_sub(line, 0, str_find(line, '\n')));
		*out = arena_dup(a, line);
		if (line.n == 0)
			err = errtext_set(why, ERR_SYNTAX,
					  "has an empty first line");
	}
	if (text.p)
		mem_wipe(text.p, text.n);
	buf_free(&text);
	return err;
}

int file_check(struct str path, bool is_private, struct errtext *why)
{
	int fd = open_checked(path, is_private, why);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

struct str file_path(struct arena *a, struct str base, struct str name)
{
	char cwd[PATH_MAX];

	if (name.n == 0 || name.p[0] == '/')
		return name;
	if (str_starts(name, STR("./")))
		name = str_from(name, 2);
	if (str_eq(base, STR(".")) || base.n == 0)
		base = str_of(getcwd(cwd, sizeof(cwd)) ? cwd : "");
	else
		base = file_path(a, STR("."), base);
	return arena_printf(a, "%.*s/%.*s", STR_ARG(base), STR_ARG(name));
}

struct str file_folder(struct str path)
{
	size_t slash = str_rfind(path, '/');

	if (slash == path.n)
		return STR(".");
	return slash == 0 ? STR("/") : str_sub(path, 0, slash);
}
