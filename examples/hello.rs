fn main() {
    println!("Hello from FAAS!");
}
