import { cFixtures } from '../c/c-fixtures.js';
import type { RuntimeFixtures } from '../conformance.js';

/** The sources of C are C++ too; a few are written the way of C++. Its headers take seconds each to compile. */
export const cppFixtures: RuntimeFixtures = {
  ...cFixtures,
  filename: 'main.cpp',
  sources: {
    ...cFixtures.sources,
    hello: '#include <cstdio>\nint main() { std::puts("hello"); }',
    crash: `#include <vector>
std::vector<int> numbers(3);
__attribute__((noinline)) int explode(unsigned at) { return numbers.at(at); }
int main() { return explode(numbers.size()); }`,
    endlessLines: `#include <iostream>
int main() { for (unsigned n = 0;; n++) std::cout << "line " << n << std::endl; }`,
    brokenStream: `#include <iostream>
int main() { std::cout << "so far" << std::endl; __builtin_trap(); }`,
    counter: `#include <cstdio>
struct Counter {
  int calls;
  Counter() : calls(0) {}
};
static Counter counter;
int main() { std::printf("%d", ++counter.calls); }`,
    invalid: '#include <cstdio>\n\nint main() {\n  return missing;\n}',
  },
  invalidLine: 4,
};
