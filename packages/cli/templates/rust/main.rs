use std::io::{self, Read};

// The payload comes on standard input, the output goes to standard output, log lines to standard error.
fn main() -> io::Result<()> {
    let mut payload = String::new();
    io::stdin().read_to_string(&mut payload)?;
    eprintln!("got {} bytes", payload.len());
    println!("Hello from Rust! You sent: {payload}");
    Ok(())
}
