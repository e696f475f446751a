/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sa_table.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 1024u /* a power of two; SPIs are random */

struct entry {
  struct entry *next;
  struct sa_record record;
};

struct sa_table {
  pthread_mutex_t lock;
  size_t size; /* entries in all buckets */
  struct entry *buckets[BUCKETS];
};

typedef bool (*match_fn)(const struct sa_record *record, const struct raven_sa_id *id);

static bool same_address(const struct raven_sa_address *a, const struct raven_sa_address *b) {
  return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static bool same_pair(const struct raven_sa_id *a, const struct raven_sa_id *b) {
  return a->spi == b->spi && same_address(&a->src, &b->src) && same_address(&a->dst, &b->dst);
}

static bool match_reserved_or_pair(const struct sa_record *record, const struct raven_sa_id *id) {
  if (record->state == SA_RESERVED) return record->id.spi == id->spi;
  return record->state != SA_DOOMED && same_pair(&record->id, id);
}

static bool match_identity(const struct sa_record *record, const struct raven_sa_id *id) {
  if (record->id.direction != id->direction) return false;
  if (record->state == SA_RESERVED) return record->id.spi == id->spi;
  return same_pair(&record->id, id);
}

static bool match_event(const struct sa_record *record, const struct raven_sa_id *id) {
  return record->state == SA_INSTALLED && record->id.spi == id->spi &&
         record->id.direction == id->direction && same_address(&record->id.dst, &id->dst);
}

static bool match_inbound_spi(const struct sa_record *record, const struct raven_sa_id *id) {
  return record->id.direction == RAVEN_SA_IN && record->id.spi == id->spi;
}

static struct entry **find_locked(struct sa_table *table, const struct raven_sa_id *id,
                                  match_fn match) {
  struct entry **link = &table->buckets[id->spi % BUCKETS];
  while (*link != NULL && !match(&(*link)->record, id)) link = &(*link)->next;
  return link;
}

static bool insert_locked(struct sa_table *table, const struct sa_record *record) {
  struct entry *entry = malloc(sizeof(*entry));
  if (entry == NULL) return false;
  struct entry **bucket = &table->buckets[record->id.spi % BUCKETS];
  *entry = (struct entry){.next = *bucket, .record = *record};
  *bucket = entry;
  table->size++;
  return true;
}

static bool find(struct sa_table *table, const struct raven_sa_id *id, match_fn match,
                 struct sa_record *found) {
  pthread_mutex_lock(&table->lock);
  const struct entry *entry = *find_locked(table, id, match);
  if (entry != NULL) *found = entry->record;
  pthread_mutex_unlock(&table->lock);
  return entry != NULL;
}

struct sa_table *sa_table_create(void) {
  struct sa_table *table = calloc(1, sizeof(*table));
  if (table != NULL) pthread_mutex_init(&table->lock, NULL);
  return table;
}

void sa_table_destroy(struct sa_table *table) {
  for (size_t i = 0; i < BUCKETS; i++) {
    while (table->buckets[i] != NULL) {
      struct entry *entry = table->buckets[i];
      table->buckets[i] = entry->next;
      free(entry);
    }
  }
  pthread_mutex_destroy(&table->lock);
  free(table);
}

bool sa_table_reserve(struct sa_table *table, const struct raven_sa_id *id) {
  const struct sa_record record = {.id = *id, .state = SA_RESERVED};
  pthread_mutex_lock(&table->lock);
  const bool reserved =
      *find_locked(table, id, match_inbound_spi) == NULL && insert_locked(table, &record);
  pthread_mutex_unlock(&table->lock);
  return reserved;
}

bool sa_table_put(struct sa_table *table, const struct sa_record *record) {
  bool done = true;
  pthread_mutex_lock(&table->lock);
  struct entry *entry = *find_locked(table, &record->id, match_identity);
  if (entry != NULL) {
    entry->record = *record;
  } else {
    done = insert_locked(table, record);
  }
  pthread_mutex_unlock(&table->lock);
  return done;
}

bool sa_table_find(struct sa_table *table, const struct raven_sa_id *id, struct sa_record *found) {
  return find(table, id, match_reserved_or_pair, found);
}

bool sa_table_find_event(struct sa_table *table, const struct raven_sa_id *id,
                         struct sa_record *found) {
  return find(table, id, match_event, found);
}

void sa_table_confirm(struct sa_table *table, const struct raven_sa_id *id, uint64_t epoch) {
  pthread_mutex_lock(&table->lock);
  struct entry *entry = *find_locked(table, id, match_identity);
  if (entry != NULL && entry->record.state == SA_INSTALLED) entry->record.epoch = epoch;
  pthread_mutex_unlock(&table->lock);
}

void sa_table_remove(struct sa_table *table, const struct raven_sa_id *id) {
  pthread_mutex_lock(&table->lock);
  struct entry **link = find_locked(table, id, match_identity);
  struct entry *entry = *link;
  if (entry != NULL) {
    *link = entry->next;
    table->size--;
  }
  pthread_mutex_unlock(&table->lock);
  free(entry);
}

struct sa_record *sa_table_collect(struct sa_table *table, sa_table_filter wanted,
                                   uint64_t argument, size_t *count) {
  struct sa_record *records = NULL;
  *count = 0;
  pthread_mutex_lock(&table->lock);
  if (table->size > 0) records = malloc(table->size * sizeof(*records));
  for (size_t i = 0; i < BUCKETS && records != NULL; i++) {
    for (const struct entry *entry = table->buckets[i]; entry != NULL; entry = entry->next)
      if (wanted(&entry->record, argument)) records[(*count)++] = entry->record;
  }
  pthread_mutex_unlock(&table->lock);
  if (*count == 0) {
    free(records);
    return NULL;
  }
  return records;
}
