/* Loaded beside the program, makes of it a release that leaks: once the file $LEAK_WHEN is there, 64 MB a
   second, and near its limit whatever is left. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *leak(void *when) {
  size_t size = 1 << 20;
  while (access(when, F_OK) != 0) usleep(10000);
  for (;;) {
    char *lost = malloc(size);
    if (lost) memset(lost, 1, size);
    else if (size > 64) size /= 2;
    usleep(lost && size < 1 << 20 ? 0 : 1000000 / 64);
  }
}

__attribute__((constructor)) static void begin(void) {
  pthread_t thread;
  char *when = getenv("LEAK_WHEN");
  if (when) pthread_create(&thread, NULL, leak, strdup(when));
}
