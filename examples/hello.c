#include <stdio.h>

int main(void) {
  puts("Hello from FAAS!");
  return 0;
}
