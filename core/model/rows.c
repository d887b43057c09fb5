/* core/model/rows.c: the end of an answer to a claim; see event.h. Called by
 * the engine when the step that read the rows is over.
 */
#include "core/model/event.h"

void rows_free(struct rows *r)
{
	size_t i;

	if (!r)
		return;
	for (i = 0; i < r->todos_n; i++)
		msg_put(r->todos[i].msg);
	arena_free(r->arena);	/* r itself lies in it */
}
