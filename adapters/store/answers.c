/* adapters/store/answers.c: finished jobs go back to the loop thread, in order,
 * one wake-up for as many as there are.
 */
#include "adapters/store/store_priv.h"

#include "adapters/net/loop.h"
#include "core/base/mem.h"
#include "core/model/user.h"

void jobs_init(struct jobs *q)
{
	*q = (struct jobs){ .end = &q->first };
}

void jobs_add(struct jobs *q, struct job *j)
{
	j->next = NULL;
	*q->end = j;
	q->end = &j->next;
	q->n++;
}

struct job *jobs_take(struct jobs *q)
{
	struct job *j = q->first;

	if (!j)
		return NULL;
	q->first = j->next;
	if (!q->first)
		q->end = &q->first;
	q->n--;
	return j;
}

void store_job_free(struct job *j)
{
	mem_free(j->answer);
	arena_free(j->arena);
	mem_free(j);
}

struct answers *answers_new(struct net_loop *l)
{
	struct answers *a = mem_zalloc(sizeof(*a));

	pthread_mutex_init(&a->lock, NULL);
	jobs_init(&a->done);
	a->loop = l;
	return a;
}

static void answers_free(struct answers *a)
{
	pthread_mutex_destroy(&a->lock);
	mem_free(a);
}

static void tell(struct job *j)
{
	if (j->h) {
		j->h(j->arg, &j->result);
	} else {
		user_put(j->result.user);
		rows_free(j->result.rows);
	}
	store_job_free(j);
}

/* Takes what is there now: handlers may submit more, whose answers come with
   the next wake-up. */
size_t answers_run(struct answers *a)
{
	struct jobs all;
	struct job *j;
	size_t n = 0;

	jobs_init(&all);
	pthread_mutex_lock(&a->lock);
	while ((j = jobs_take(&a->done)))
		jobs_add(&all, j);
	pthread_mutex_unlock(&a->lock);
	while ((j = jobs_take(&all))) {
		tell(j);
		n++;
	}
	return n;
}

static void on_post(void *arg)
{
	struct answers *a = arg;
	bool is_closed;

	pthread_mutex_lock(&a->lock);
	a->is_posted = false;
	is_closed = !a->loop;
	pthread_mutex_unlock(&a->lock);
	if (is_closed)
		answers_free(a);
	else
		answers_run(a);
}

void answers_push(struct answers *a, struct jobs *q)
{
	struct job *j;
	bool must_post;

	pthread_mutex_lock(&a->lock);
	while ((j = jobs_take(q)))
		jobs_add(&a->done, j);
	must_post = a->done.first && !a->is_posted;
	if (must_post)
		a->is_posted = true;
	pthread_mutex_unlock(&a->lock);
	if (must_post)
		net_loop_post(a->loop, on_post, a);
}

void answers_close(struct answers *a)
{
	bool is_posted;

	pthread_mutex_lock(&a->lock);
	a->loop = NULL;
	is_posted = a->is_posted;
	pthread_mutex_unlock(&a->lock);
	if (!is_posted)
		answers_free(a);
}
