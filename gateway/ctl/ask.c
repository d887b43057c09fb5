/* gateway/ctl/ask.c: see ask.h. */
#include "gateway/ctl/ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/mem.h"

#define ANSWER_BYTES_MAX (32u << 20)
#define WAIT_S 60		/* the daemon gives up earlier */

static int connect_to(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct timeval wait = { .tv_sec = WAIT_S };
	int fd;

	if (strlen(path) >= sizeof(at.sun_path)) {
		fprintf(stderr, "causewayctl: the path %s is too long\n", path);
		return -1;
	}
	memcpy(at.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
		return fd;
	}
	fprintf(stderr, "causewayctl: no causewayd answers at %s: %s\n", path,
		strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static char *request_line(char *const *words, int words_n, const char *input)
{
	json_t *list = json_array(), *request;
	char *line;
	int i;

	for (i = 0; i < words_n; i++)
		if (json_array_append_new(list, json_string(words[i])) < 0) {
			json_decref(list);
			return NULL;	/* no UTF-8 */
		}
	request = json_pack("{s:o}", "words", list);
	if (input)
		json_object_set_new(request, "stdin", json_string(input));
	line = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	return line;
}

static bool send_all(int fd, const char *p, size_t n)
{
	ssize_t done;

	while (n > 0) {
		done = send(fd, p, n, MSG_NOSIGNAL);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

/* Up to the newline. */
static bool receive_line(int fd, struct buf *out)
{
	char piece[16384];
	ssize_t n;

	for (;;) {
		n = recv(fd, piece, sizeof(piece), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		buf_put(out, piece, (size_t)n);
		if (out->err)
			return false;
		if (piece[n - 1] == '\n')
			return true;
	}
}

static json_t *converse(int fd, const char *line)
{
	json_error_t at;
	json_t *answer = NULL;
	struct buf in;

	buf_init(&in, ANSWER_BYTES_MAX);
	/* A daemon that refuses may answer before it has read all. */
	(void)!(send_all(fd, line, strlen(line)) && send_all(fd, "\n", 1));
	if (receive_line(fd, &in))
		answer = json_loadb(in.p, in.n, 0, &at);
	if (!json_is_object(answer)) {
		fputs("causewayctl: the daemon gave no answer\n", stderr);
		json_decref(answer);
		answer = NULL;
	}
	buf_free(&in);
	return answer;
}

json_t *ask(const char *socket_path, char *const *words, int words_n,
	    const char *input)
{
	char *line = request_line(words, words_n, input);
	json_t *answer = NULL;
	int fd;

	if (!line) {
		fputs("causewayctl: a word is not UTF-8\n", stderr);
		return NULL;
	}
	fd = connect_to(socket_path);
	if (fd >= 0) {
		answer = converse(fd, line);
		close(fd);
	}
	mem_wipe(line, strlen(line));	/* maybe a password */
	free(line);
	return answer;
}
