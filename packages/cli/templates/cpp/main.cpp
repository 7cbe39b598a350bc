#include <iostream>
#include <iterator>
#include <string>

// The payload comes on standard input, the output goes to standard output, log lines to standard error.
int main() {
  const std::string payload{std::istreambuf_iterator<char>(std::cin), {}};
  std::cerr << "got " << payload.size() << " bytes\n";
  std::cout << "Hello from C++! You sent: " << payload << "\n";
}
