/* gateway/daemon/privileges.c: see privileges.h. */
#include "gateway/daemon/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "gateway/daemon/files.h"

static bool to_path(char out[PATH_MAX], struct str s)
{
	if (s.n == 0 || s.n >= PATH_MAX)
		return false;
	memcpy(out, s.p, s.n);
	out[s.n] = '\0';
	return true;
}

/* Makes the folder unless it is there; user NULL: it stays ours. What was
   there already keeps its owner. */
static int make_folder(struct str path, mode_t mode, const struct passwd *user,
		       struct errtext *why)
{
	char text[PATH_MAX];
	struct stat st;

	if (!to_path(text, path))
		return errtext_set(why, EX_CONFIG,
				   "a folder has no usable "
				   "path");
	if (mkdir(text, mode) == 0) {
		if (user && lchown(text, user->pw_uid, user->pw_gid) < 0)
			return errtext_set(why, EX_NOPERM,
					   "%s cannot be given to %s: %s", text,
					   user->pw_name, strerror(errno));
		return 0;
	}
	if (errno != EEXIST)
		return errtext_set(why, errno == EACCES ? EX_NOPERM : EX_OSERR,
				   "the folder %s cannot be made: %s", text,
				   strerror(errno));
	if (stat(text, &st) < 0 || !S_ISDIR(st.st_mode))
		return errtext_set(why, EX_OSERR, "%s is not a folder", text);
	return 0;
}

static int become(const struct passwd *user, struct errtext *why)
{
	if (initgroups(user->pw_name, user->pw_gid) < 0 ||
	    setgid(user->pw_gid) < 0 || setuid(user->pw_uid) < 0)
		return errtext_set(why, EX_NOPERM, "cannot become %s: %s",
				   user->pw_name, strerror(errno));
	if (setuid(0) == 0)
		return errtext_set(why, EX_NOPERM,
				   "root came back after it "
				   "was given up");
	return 0;
}

int privileges_settle(const struct config *c, bool allow_root,
		      struct errtext *why)
{
	const struct passwd *user = NULL;
	char name[64 + 1];
	int code;

	if (geteuid() == 0 && !allow_root) {
		snprintf(name, sizeof(name), "%.*s", STR_ARG(c->run_as));
		user = getpwnam(name);
		if (!user || user->pw_uid == 0)
			return errtext_set(
				why, EX_NOPERM,
				user ? "started as root, and node.run-as is %s: name "
				       "another user or say --allow-root"
				     : "started as root, and there is no user %s "
				       "(node.run-as): make it or say --allow-root",
				name);
	}
	umask(0027);
	code = make_folder(c->state_dir, 0750, user, why);
	if (!code)
		code = make_folder(file_folder(c->control_socket), 0755, user,
				   why);
	if (!code && user)
		code = become(user, why);
	if (code)
		return code;
	/* Secrets are in memory: no core file, no debugger of the same user,
	   nothing gained by a program we might start. */
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

int state_lock(const struct config *c, struct errtext *why)
{
	char path[PATH_MAX], pid[24];
	int fd, n;

	n = snprintf(path, sizeof(path), "%.*s/lock", STR_ARG(c->state_dir));
	if (n < 0 || (size_t)n >= sizeof(path))
		return -errtext_set(why, EX_CONFIG, "state-dir is too long");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return -errtext_set(why, errno == EACCES ? EX_NOPERM : EX_OSERR,
				    "%s cannot be written: %s", path,
				    strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		close(fd);
		return -errtext_set(why, EX_UNAVAILABLE,
				    "another causewayd "
				    "uses %.*s",
				    STR_ARG(c->state_dir));
	}
	n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	/* For people only; the lock is what counts. */
	if (ftruncate(fd, 0) == 0 && pwrite(fd, pid, (size_t)n, 0) < 0)
		errno = 0;
	return fd;
}
