#include <iostream>

int main() {
  std::cout << "Hello from FAAS!" << std::endl;
}
