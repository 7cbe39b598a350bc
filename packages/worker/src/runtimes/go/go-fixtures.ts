import { Form } from '@relais/contracts';
import type { RuntimeFixtures } from '../conformance.js';

function program(imports: readonly string[], body: string): string {
  return `package main\n\nimport (\n${imports.map((name) => `\t"${name}"\n`).join('')})\n\n${body}\n`;
}

export const goFixtures: RuntimeFixtures = {
  filename: 'main.go',
  form: Form.FORM_PROGRAM,
  wasm: true,
  echoesBytes: true,
  stateSurvives: false,
  sources: {
    hello: program(['fmt'], 'func main() { fmt.Println("hello") }'),
    echo: program(
      ['io', 'os'],
      'func main() {\n\tif _, err := io.Copy(os.Stdout, os.Stdin); err != nil {\n\t\tpanic(err)\n\t}\n}',
    ),
    exit: program(['fmt', 'os'], 'func main() {\n\tfmt.Fprintln(os.Stderr, "about to fail")\n\tos.Exit(3)\n}'),
    crash: program(
      ['os'],
      '//go:noinline\nfunc explode(numbers []int, at int) int { return numbers[at] }\n\nfunc main() { os.Exit(explode([]int{1, 2}, len(os.Args)+7)) }',
    ),
    logs: program(
      ['fmt', 'log', 'os'],
      'func main() {\n\tfmt.Fprintln(os.Stderr, "first line")\n\tlog.New(os.Stderr, "", 0).Print("second line")\n\tfmt.Print("done")\n}',
    ),
    logFlood: program(
      ['fmt', 'os'],
      'func main() {\n\tfor i := 0; i < 4096; i++ {\n\t\tfmt.Fprintln(os.Stderr, "a line of some length")\n\t}\n\tfmt.Print("done")\n}',
    ),
    environment: program(
      ['fmt', 'os'],
      'func main() { fmt.Print(os.Getenv("RELAIS_INVOCATION_ID"), "|", os.Getenv("GREETING")) }',
    ),
    flood: program(['fmt'], 'func main() {\n\tfor {\n\t\tfmt.Println("and on and on and on")\n\t}\n}'),
    unicode: program(['fmt'], 'func main() { fmt.Print("héllo, 世界 🎉") }'),
    endlessLines: program(['fmt'], 'func main() {\n\tfor n := 0; ; n++ {\n\t\tfmt.Println("line", n)\n\t}\n}'),
    brokenStream: program(['fmt'], 'func main() {\n\tfmt.Println("so far")\n\tpanic("broke")\n}'),
    counter: program(['fmt'], 'var count int\n\nfunc main() {\n\tcount++\n\tfmt.Print(count)\n}'),
    invalid: program(['fmt'], 'func main() {\n\tfmt.Println(missing)\n}'),
    cgi: program(
      ['fmt', 'os'],
      'func main() {\n\tfmt.Printf("Status: 201\\r\\nX-Method: %s\\r\\n\\r\\n", os.Getenv("REQUEST_METHOD"))\n\tfmt.Printf("%s?%s", os.Getenv("PATH_INFO"), os.Getenv("QUERY_STRING"))\n}',
    ),
  },
  invalidLine: 8,
};
