import { FunctionConfig } from '@relais/contracts';
import { tarGzOf } from '../../sources/testing/tar-archive.js';
import { counterNeverSurvives } from '../compiled/testing/isolation.js';
import { exampleSource, testRoot, toolOptions, whereBuilt } from '../compiled/testing/toolshed.js';
import { slowTestMs } from '../conformance/subject.js';
import { deployForTest, failureOf, outputOf, rejectionOf } from '../conformance/support.js';
import { runtimeConformance } from '../conformance.js';
import { defaultRuntimeLimits } from '../limits.js';
import { rustFixtures } from './rust-fixtures.js';
import { createRustRuntime } from './rust-runtime.js';

const root = testRoot();
afterAll(root.remove);

test('without a rustc that has the target: a reason that says what to install, and builds are refused with it', async () => {
  const runtime = createRustRuntime(toolOptions(root.directory, defaultRuntimeLimits, '/nowhere'));
  const support = await runtime.probe();
  expect(support).toMatchObject({ lang: 'rust', runs: true, builds: false, toolchain: '' });
  expect(support.reason).toContain('apt-get install rustc libstd-rust-dev-wasm32 lld');
  const work = { source: Buffer.from('fn main() {}'), filename: 'main.rs', config: undefined };
  const error = await rejectionOf(runtime.build(work, 1000));
  expect(error).toMatchObject({ code: 'failed_precondition', message: support.reason });
  await runtime.close();
});

await whereBuilt(createRustRuntime(toolOptions(root.directory)), () => {
  runtimeConformance('rust', (limits) => createRustRuntime(toolOptions(root.directory, limits)), rustFixtures);

  counterNeverSurvives(createRustRuntime(toolOptions(root.directory)), rustFixtures);

  describe('what Rust can do and what not', () => {
    const runtime = createRustRuntime(toolOptions(root.directory));
    afterAll(() => runtime.close());

    const build = (source: string, filename = 'main.rs') =>
      runtime.build({ source: Buffer.from(source), filename, config: FunctionConfig.fromPartial({}) }, slowTestMs);

    test(
      'a program with collections, strings and iterators',
      async () => {
        const source = `use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet, VecDeque};
use std::io::{self, BufRead};
fn main() {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for line in io::stdin().lock().lines() {
        for word in line.unwrap().split_whitespace() { *counts.entry(word.to_lowercase()).or_default() += 1; }
    }
    let sorted: BTreeMap<_, _> = counts.iter().collect();
    let mut heap: BinaryHeap<_> = counts.values().copied().collect();
    let distinct: HashSet<_> = counts.values().collect();
    let ring: VecDeque<_> = (0..3).rev().collect();
    println!("{:?} {:?} {} {:?}", sorted, heap.pop(), distinct.len(), ring);
    match "12x".parse::<i32>() { Ok(n) => println!("{}", n), Err(error) => println!("{}", error) }
}`;
        const fn = await deployForTest(runtime, 'words.rs', source);
        const output = outputOf(await fn.call({ payload: 'b a B\nc' })).toString();
        expect(output).toBe('{"a": 1, "b": 2, "c": 1} Some(2) 2 [2, 1, 0]\ninvalid digit found in string\n');
        await fn.loaded.close();
      },
      slowTestMs,
    );

    test(
      'megabytes of static data, and a heap that needs no new instance',
      async () => {
        const source = `static TABLE: [u8; 3_000_000] = [7; 3_000_000];
fn main() {
    let at = std::env::args().count();
    let numbers: Vec<u64> = (0..16_000).collect();
    print!("{} {}", TABLE[at..].len(), numbers.iter().sum::<u64>());
}`;
        const fn = await deployForTest(runtime, 'table.rs', source);
        const outcomes = [await fn.call(), await fn.call()];
        expect(outcomes.map((outcome) => outputOf(outcome).toString())).toEqual([
          '2999999 127992000',
          '2999999 127992000',
        ]);
        expect(outcomes[1]?.attributes).toEqual({ 'relais.wasm.instance': 'reset' });
        await fn.loaded.close();
      },
      slowTestMs,
    );

    test(
      'an archive with modules, as cargo lays it out',
      async () => {
        const source = tarGzOf({
          'project/Cargo.toml': '[package]\nname = "words"\n',
          'project/src/main.rs':
            'mod words;\nfn main() { print!("{} {}", words::count("a b c"), words::loud::shout("x")); }\n',
          'project/src/words/mod.rs': "pub mod loud;\npub fn count(text: &str) -> usize { text.split(' ').count() }\n",
          'project/src/words/loud.rs':
            'pub fn shout(text: &str) -> String { format!("{}{}", text.to_uppercase(), include_str!("mark.txt")) }\n',
          'project/src/words/mark.txt': '!',
        });
        const fn = await deployForTest(runtime, 'project.tar.gz', source);
        expect(outputOf(await fn.call()).toString()).toBe('3 X!');
        await fn.loaded.close();
        const broken = tarGzOf({ 'main.rs': 'mod bad;\nfn main() {}\n', 'bad.rs': '\npub fn f() -> i32 { "x" }\n' });
        const error = await rejectionOf(deployForTest(runtime, 'project.tar.gz', broken));
        expect(error.fields.diagnostics).toMatchObject([{ file: 'bad.rs', line: 2, severity: 'error' }]);
      },
      slowTestMs,
    );

    test(
      'the examples',
      async () => {
        const hello = await deployForTest(runtime, 'hello.rs', exampleSource('hello.rs'));
        expect(outputOf(await hello.call()).toString()).toBe('Hello from FAAS!\n');
        const fn = await deployForTest(runtime, 'words.rs', exampleSource('words.rs'));
        const payload = 'Der Hund, die Katze – der Fuß!';
        expect(outputOf(await fn.call({ payload })).toString()).toBe('{"der":2,"die":1,"fuß":1,"hund":1,"katze":1}\n');
        await fn.loaded.close();
      },
      slowTestMs,
    );

    test(
      'clocks, sleep and a world without files, threads or network',
      async () => {
        const source = `use std::{env, fs, net, thread, time};
fn main() {
    let began = time::Instant::now();
    thread::sleep(time::Duration::from_millis(2));
    println!("{}", began.elapsed() >= time::Duration::from_millis(2));
    println!("{}", time::SystemTime::now() > time::UNIX_EPOCH + time::Duration::from_secs(1_600_000_000));
    println!("{} {}", fs::read("/etc/passwd").is_err(), fs::read_dir(".").is_err());
    println!("{} {}", fs::write("x", "y").is_err(), fs::create_dir("d").is_err());
    println!("{}", net::TcpStream::connect("127.0.0.1:80").is_err());
    println!("{}", thread::Builder::new().spawn(|| {}).is_err());
    println!("{:?} {}", env::args().collect::<Vec<_>>(), env::var("PATH").is_err());
}`;
        const fn = await deployForTest(runtime, 'world.rs', source);
        const expected = 'true\ntrue\ntrue true\ntrue true\ntrue\ntrue\n["probe"] true\n';
        expect(outputOf(await fn.call()).toString()).toBe(expected);
        await fn.loaded.close();
      },
      slowTestMs,
    );

    test(
      'a panic leaves its message and place, and a stack that names functions',
      async () => {
        const fn = await deployForTest(runtime, 'dir/panics.rs', 'fn main() {\n    panic!("no {}", "luck");\n}');
        const { exit, reason } = failureOf(await fn.call()).fields;
        expect(reason).toBe('function_failed');
        expect(exit?.stderrTail).toMatch(/no luck.*|panics.rs:2:5/s);
        expect(exit?.stderrTail).toContain('panics.rs:2:5');
        await fn.loaded.close();
      },
      slowTestMs,
    );

    test(
      'files of the machine do not get into a module',
      async () => {
        for (const source of [
          'const HOST: &str = include_str!("/etc/passwd");\nfn main() { print!("{}", HOST); }',
          'fn main() { include!("/etc/passwd"); }',
          '#[path = "/etc/passwd"]\nmod passwd;\nfn main() {}',
        ]) {
          const error = await rejectionOf(build(source));
          expect(error.fields.reason).toBe('compile_error');
          expect(JSON.stringify(error.fields.diagnostics)).not.toContain('root');
        }
      },
      slowTestMs,
    );

    test(
      'a source is no file of arguments, whatever its name',
      async () => {
        const fn = await deployForTest(runtime, '@args.rs', 'fn main() { print!("a program"); }');
        expect(outputOf(await fn.call()).toString()).toBe('a program');
        await fn.loaded.close();
        const options = await rejectionOf(build('--version', '@args.rs'));
        expect(options.fields.reason).toBe('compile_error');
      },
      slowTestMs,
    );

    test(
      'errors of the linker and warnings are told',
      async () => {
        const warned = await build('fn main() { let unused = 1; }', 'dir/warns.rs');
        expect(warned.diagnostics).toMatchObject([{ file: 'dir/warns.rs', line: 1, column: 17, severity: 'warning' }]);
        const foreign = await rejectionOf(
          build('extern "C" { fn system(x: i32) -> i32; }\nfn main() { print!("{}", unsafe { system(1) }); }'),
        );
        expect(`${foreign.message} ${JSON.stringify(foreign.fields.diagnostics)}`).toContain('system');
      },
      slowTestMs,
    );

    test(
      'a compile over its budget is stopped',
      async () => {
        const endless = `macro_rules! twice { () => {}; (x $($rest:tt)*) => { twice!($($rest)*); twice!($($rest)*); } }
fn main() { twice!(${'x '.repeat(60)}); }`;
        const work = { source: Buffer.from(endless), filename: 'main.rs', config: undefined };
        const [first, second] = [rejectionOf(runtime.build(work, 700)), build(rustFixtures.sources.hello as string)];
        expect((await first).code).toBe('deadline_exceeded');
        expect((await second).wasm).toBe(true);
      },
      slowTestMs,
    );
  });
});
