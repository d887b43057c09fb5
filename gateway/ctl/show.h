/* gateway/ctl/show.h: an answer for people: lists of objects as tables, objects
 * as "key: value", everything else as text. What foreigners wrote cannot
 * control the terminal.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

void show(FILE *out, const json_t *data);
