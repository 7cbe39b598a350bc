import { Form } from '@relais/contracts';
import type { RuntimeFixtures } from '../conformance.js';

const head = 'use std::io::{self, Read, Write};\n';

export const rustFixtures: RuntimeFixtures = {
  filename: 'main.rs',
  form: Form.FORM_PROGRAM,
  wasm: true,
  echoesBytes: true,
  stateSurvives: false,
  sources: {
    hello: 'fn main() { println!("hello"); }',
    echo: 'use std::io;\nfn main() { io::copy(&mut io::stdin(), &mut io::stdout()).unwrap(); }',
    exit: 'fn main() { eprintln!("about to fail"); std::process::exit(3); }',
    crash: `#[inline(never)]
fn explode(numbers: &[i32], at: usize) -> i32 { numbers[at] }
fn main() { let numbers = vec![1, 2]; println!("{}", explode(&numbers, std::env::args().count() + 7)); }`,
    logs: 'fn main() { eprintln!("first line"); eprintln!("second line"); print!("done"); }',
    logFlood: 'fn main() { for _ in 0..4096 { eprintln!("a line of some length"); } print!("done"); }',
    environment: `use std::env::var;
fn main() { print!("{}|{}", var("RELAIS_INVOCATION_ID").unwrap(), var("GREETING").unwrap()); }`,
    flood: `${head}fn main() { io::stdin().read(&mut []).unwrap(); loop { io::stdout().write_all(b"and on and on and on\\n").unwrap(); } }`,
    unicode: 'fn main() { print!("héllo, 世界 🎉"); }',
    endlessLines: 'fn main() { for n in 0u64.. { println!("line {n}"); } }',
    brokenStream: 'fn main() { println!("so far"); panic!("broke"); }',
    counter: `use std::sync::atomic::{AtomicU32, Ordering};
static COUNT: AtomicU32 = AtomicU32::new(0);
fn main() { print!("{}", COUNT.fetch_add(1, Ordering::SeqCst) + 1); }`,
    invalid: 'fn main() {\n    let number: i32 = 3;\n    println!("{}", missing + number);\n}',
    cgi: `use std::env::var;
fn main() {
    let part = |name: &str| var(name).unwrap();
    print!("Status: 201\\r\\nX-Method: {}\\r\\n\\r\\n{}?{}", part("REQUEST_METHOD"), part("PATH_INFO"), part("QUERY_STRING"));
}`,
  },
  invalidLine: 3,
};
