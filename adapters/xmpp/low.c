/* adapters/xmpp/low.c: places for descriptors below FD_SETSIZE, see low.h. */
#include "adapters/xmpp/low.h"

#include <fcntl.h>
#include <sys/select.h>
#include <unistd.h>

#include "core/base/mem.h"

/* Twice the links: between the library's close and our taking the place again
   another thread may have been given the number. */
#define PLACES 64

struct xmpp_low {
	int fd[PLACES];		/* a kept place, or -1 */
};

static int hold_place(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd >= FD_SETSIZE) {
		close(fd);
		fd = -1;
	}
	return fd;
}

struct xmpp_low *xmpp_low_new(void)
{
	struct xmpp_low *low = mem_zalloc(sizeof(*low));
	size_t i;

	for (i = 0; i < PLACES; i++)
		low->fd[i] = hold_place();
	return low;
}

void xmpp_low_free(struct xmpp_low *low)
{
	size_t i;

	if (!low)
		return;
	for (i = 0; i < PLACES; i++)
		if (low->fd[i] >= 0)
			close(low->fd[i]);
	mem_free(low);
}

int low_take(struct xmpp_low *low, int fd)
{
	size_t i;
	int to;

	for (i = 0; i < PLACES && low->fd[i] < 0; i++)
		;
	if (i == PLACES)
		return -1;
	to = dup3(fd, low->fd[i], O_CLOEXEC);
	if (to < 0)
		return -1;
	close(fd);
	low->fd[i] = -1;
	return to;
}

void low_give_back(struct xmpp_low *low, int fd)
{
	size_t i;

	(void)fd;
	for (i = 0; i < PLACES; i++)
		if (low->fd[i] < 0) {
			low->fd[i] = hold_place();
			return;
		}
}
