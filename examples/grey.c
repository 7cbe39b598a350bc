/* Turns a picture in colour into one in grey: a PPM (P6) comes in, a PGM (P5) goes out. */
#include <stdio.h>
#include <stdlib.h>

static int number(void) {
  int c = getchar(), value = 0;
  while (c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '#') {
    if (c == '#') while (c != '\n' && c != EOF) c = getchar();
    c = getchar();
  }
  if (c < '0' || c > '9') return -1;
  for (; c >= '0' && c <= '9' && value < 1 << 20; c = getchar()) value = value * 10 + c - '0';
  return value;
}

static int refuse(const char *why) {
  fprintf(stderr, "%s\n", why);
  return 1;
}

int main(void) {
  if (getchar() != 'P' || getchar() != '6') return refuse("the payload is no PPM in binary form");
  int width = number(), height = number(), maximum = number();
  if (width < 1 || height < 1 || maximum != 255) return refuse("only pictures of 8 bits a colour");
  unsigned char *row = malloc(3 * (size_t)width);
  if (!row) return refuse("the picture is too wide");
  printf("P5\n%d %d\n255\n", width, height);
  for (int y = 0; y < height; y++) {
    if (fread(row, 3, width, stdin) != (size_t)width) return refuse("the picture ends too early");
    /* The weights of ITU-R BT.601, in 1/256. */
    for (int x = 0; x < width; x++) putchar((77 * row[3 * x] + 150 * row[3 * x + 1] + 29 * row[3 * x + 2]) >> 8);
  }
  return 0;
}
