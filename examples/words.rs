// Counts the words of a text and answers the ten most frequent as JSON.
use std::collections::HashMap;
use std::io::{self, Read};

fn main() {
    let mut text = String::new();
    if let Err(error) = io::stdin().read_to_string(&mut text) {
        eprintln!("the payload is no text: {error}");
        std::process::exit(1);
    }
    let mut counts: HashMap<String, usize> = HashMap::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        *counts.entry(word.to_lowercase()).or_default() += 1;
    }
    let mut sorted: Vec<_> = counts.into_iter().collect();
    sorted.sort_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
    let top: Vec<String> = sorted.iter().take(10).map(|(word, n)| format!("\"{word}\":{n}")).collect();
    println!("{{{}}}", top.join(","));
}
