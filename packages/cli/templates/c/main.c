#include <stdio.h>

// The payload comes on standard input, the output goes to standard output, log lines to standard error.
int main(void) {
  char payload[4096];
  size_t length = fread(payload, 1, sizeof payload, stdin);
  fprintf(stderr, "got %zu bytes\n", length);
  printf("Hello from C! You sent: %.*s\n", (int)length, payload);
  return 0;
}
