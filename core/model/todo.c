/* core/model/todo.c: where an obligation lies; see todo.h. */
#include "core/model/todo.h"

#include "core/base/hash.h"

/* Part of the store's format: another seed would look for the rows of a lane
   in another partition. */
#define PARTITION_SEED 0x7061727469746e73u

uint16_t todo_partition(struct str lane)
{
	uint64_t h = hash_key(PARTITION_SEED, lane.p, lane.n);

	return (uint16_t)(h % PARTITIONS_N);
}
