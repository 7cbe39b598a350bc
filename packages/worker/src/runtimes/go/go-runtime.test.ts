import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FunctionConfig } from '@relais/contracts';
import { tarGzOf } from '../../sources/testing/tar-archive.js';
import { counterNeverSurvives } from '../compiled/testing/isolation.js';
import { exampleSource, testRoot, toolOptions, whereBuilt } from '../compiled/testing/toolshed.js';
import { slowTestMs } from '../conformance/subject.js';
import { deployForTest, outputOf, rejectionOf } from '../conformance/support.js';
import { runtimeConformance } from '../conformance.js';
import { defaultRuntimeLimits } from '../limits.js';
import { goFixtures } from './go-fixtures.js';
import { createGoRuntime } from './go-runtime.js';

const root = testRoot();
afterAll(root.remove);

/** A search path with a tinygo before everything else. */
function withTinyGo(name: string, script: string): string {
  const directory = join(root.directory, name);
  mkdirSync(directory);
  const path = join(directory, 'tinygo');
  writeFileSync(path, `#!/bin/sh\n[ "$1" = version ] && echo "tinygo version 0.99.0 linux/amd64" && exit\n${script}\n`);
  chmodSync(path, 0o755);
  return `${directory}:${process.env.PATH}`;
}

test('without Go: a reason that says what to install, and builds are refused with it', async () => {
  const runtime = createGoRuntime(toolOptions(root.directory, defaultRuntimeLimits, '/nowhere'));
  const support = await runtime.probe();
  expect(support).toMatchObject({ lang: 'go', runs: true, builds: false, toolchain: '' });
  expect(support.reason).toContain('apt-get install golang-go');
  const work = { source: Buffer.from('package main'), filename: 'main.go', config: undefined };
  const error = await rejectionOf(runtime.build(work, 1000));
  expect(error).toMatchObject({ code: 'failed_precondition', message: support.reason });
  await runtime.close();
});

await whereBuilt(createGoRuntime(toolOptions(root.directory)), () => {
  runtimeConformance('go', (limits) => createGoRuntime(toolOptions(root.directory, limits)), goFixtures);

  counterNeverSurvives(createGoRuntime(toolOptions(root.directory)), goFixtures);

  // Stands in for TinyGo, whose releases follow Go's late: takes its arguments, and go does the work.
  const standIn =
    '[ "$1 $2 $3 $4" = "build -target=wasip1 -no-debug -o" ] && exec go build -trimpath -o "$5" "$6"\nexit 1';
  test.each([
    ['is preferred', 'works', standIn, 'tinygo 0.99.0'],
    ['is passed over when it does not compile', 'fails', 'exit 1', 'go 1.'],
  ])(
    'tinygo %s',
    async (_what, name, script, toolchain) => {
      const runtime = createGoRuntime(toolOptions(root.directory, defaultRuntimeLimits, withTinyGo(name, script)));
      expect((await runtime.probe()).toolchain).toContain(toolchain);
      const fn = await deployForTest(runtime, 'main.go', goFixtures.sources.hello);
      expect(outputOf(await fn.call()).toString()).toBe('hello\n');
      await fn.loaded.close();
      await runtime.close();
    },
    slowTestMs,
  );

  describe('what Go can do and what not', () => {
    const runtime = createGoRuntime(toolOptions(root.directory));
    afterAll(() => runtime.close());

    const failedBuild = (source: string, filename = 'main.go') =>
      rejectionOf(
        runtime.build({ source: Buffer.from(source), filename, config: FunctionConfig.fromPartial({}) }, slowTestMs),
      );

    test(
      'a program with encoding/json and text/template, put back between calls',
      async () => {
        const source = `package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
	"text/template"
)

type item struct {
	Name  string  \`json:"name"\`
	Price float64 \`json:"price"\`
}

func main() {
	var order struct {
		Customer string \`json:"customer"\`
		Items    []item \`json:"items"\`
	}
	if err := json.NewDecoder(os.Stdin).Decode(&order); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	sort.Slice(order.Items, func(i, j int) bool { return order.Items[i].Price > order.Items[j].Price })
	text := "Dear {{upper .Customer}}:{{range .Items}} {{.Name}} {{printf \\"%.2f\\" .Price}}{{end}}"
	functions := template.FuncMap{"upper": strings.ToUpper}
	template.Must(template.New("letter").Funcs(functions).Parse(text)).Execute(os.Stdout, order)
}
`;
        const fn = await deployForTest(runtime, 'dir/letter_linux.go', source);
        const payload = '{"customer":"ada","items":[{"name":"nut","price":0.5},{"name":"bolt","price":1.25}]}';
        const instances = new Set<unknown>();
        for (let call = 0; call < 5; call += 1) {
          const outcome = await fn.call({ payload });
          expect(outputOf(outcome).toString()).toBe('Dear ADA: bolt 1.25 nut 0.50');
          instances.add(outcome.attributes?.['relais.wasm.instance']);
        }
        expect(instances).toContain('reset');
        await fn.loaded.close();
      },
      slowTestMs,
    );

    test(
      'the examples',
      async () => {
        const hello = await deployForTest(runtime, 'hello.go', exampleSource('hello.go'));
        expect(outputOf(await hello.call()).toString()).toBe('Hello from FAAS!\n');
        const fn = await deployForTest(runtime, 'letter.go', exampleSource('letter.go'));
        const payload =
          '{"customer":"Ada","items":[{"name":"nut","count":4,"price":0.5},{"name":"bolt","count":10,"price":1.25}]}';
        expect(outputOf(await fn.call({ payload })).toString()).toBe(
          'Dear Ada,\n\n   4 × nut              2.00\n  10 × bolt            12.50\n\nTotal                 14.50\n',
        );
        await fn.loaded.close();
      },
      slowTestMs,
    );

    test(
      'goroutines, channels, timers, garbage collection and a world without files',
      async () => {
        const source = `package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"time"
)

func main() {
	results := make(chan int)
	var group sync.WaitGroup
	for n := 1; n <= 10; n++ {
		group.Add(1)
		go func(n int) { defer group.Done(); time.Sleep(time.Millisecond); results <- n * n }(n)
	}
	go func() { group.Wait(); close(results) }()
	sum := 0
	for n := range results { sum += n }
	fmt.Println(sum)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Millisecond)
	defer cancel()
	<-ctx.Done()
	fmt.Println(ctx.Err())
	for n := 0; n < 200; n++ { _ = make([]byte, 1<<20) }
	runtime.GC()
	fmt.Println(time.Now().Year() > 2000)
	random := make([]byte, 8)
	count, err := rand.Read(random)
	fmt.Println(count, err)
	_, err = os.ReadFile("/etc/passwd")
	fmt.Println(err != nil)
	_, err = os.ReadDir(".")
	fmt.Println(err != nil)
	fmt.Println(os.WriteFile("x", nil, 0o600) != nil, os.Mkdir("d", 0o700) != nil)
	_, err = net.Dial("tcp", "127.0.0.1:80")
	fmt.Println(err != nil)
}
`;
        const fn = await deployForTest(runtime, 'world.go', source);
        const expected = '385\ncontext deadline exceeded\ntrue\n8 <nil>\ntrue\ntrue\ntrue true\ntrue\n';
        expect(outputOf(await fn.call()).toString()).toBe(expected);
        expect(outputOf(await fn.call()).toString()).toBe(expected);
        await fn.loaded.close();
      },
      slowTestMs,
    );

    test(
      'an archive with packages, vendored modules, embedded files and a command of its own',
      async () => {
        const files = {
          'go.mod': 'module shop\n\ngo 1.21\n\nrequire example.com/mark v1.0.0\n',
          'vendor/modules.txt': '# example.com/mark v1.0.0\n## explicit; go 1.21\nexample.com/mark\n',
          'vendor/example.com/mark/mark.go': 'package mark\n\nconst Text = "!"\n',
          'price/price.go': 'package price\n\nimport _ "embed"\n\n//go:embed unit.txt\nvar Unit string\n',
          'price/unit.txt': 'EUR',
          'cmd/tool/main.go':
            'package main\n\nimport (\n\t"fmt"\n\n\t"example.com/mark"\n\t"shop/price"\n)\n\nfunc main() { fmt.Print(name(), price.Unit, mark.Text) }\n',
          'cmd/tool/name.go': 'package main\n\nfunc name() string { return "tool " }\n',
        };
        const fn = await deployForTest(runtime, 'shop.tar.gz', tarGzOf(files), { entry: 'cmd/tool/main.go' });
        expect(outputOf(await fn.call()).toString()).toBe('tool EUR!');
        await fn.loaded.close();
        const broken = { ...files, 'price/price.go': 'package price\n\nvar Unit int = "x"\n' };
        const error = await rejectionOf(
          deployForTest(runtime, 'shop.tar.gz', tarGzOf(broken), { entry: 'cmd/tool/main.go' }),
        );
        expect(error.fields.diagnostics).toMatchObject([{ file: 'price/price.go', line: 3, column: 16 }]);
      },
      slowTestMs,
    );

    test(
      'a program may embed all that lies beside it, of which nothing is of the build',
      async () => {
        const main =
          'package main\n\nimport (\n\t"embed"\n\t"fmt"\n)\n\n//go:embed *\nvar all embed.FS\n\nfunc main() {\n\tentries, _ := all.ReadDir(".")\n\tfor _, entry := range entries {\n\t\tfmt.Println(entry.Name())\n\t}\n}\n';
        const files = { 'go.mod': 'module shop\n\ngo 1.21\n', 'main.go': main, 'unit.txt': 'EUR' };
        const fn = await deployForTest(runtime, 'shop.tar.gz', tarGzOf(files), { entry: 'main.go' });
        expect(outputOf(await fn.call()).toString()).toBe('go.mod\nmain.go\nunit.txt\n');
        await fn.loaded.close();
        const taken = deployForTest(runtime, 'shop.tar.gz', tarGzOf({ 'main.go': main, 'go.mod/x': '' }), {
          entry: 'main.go',
        });
        expect((await rejectionOf(taken)).fields.reason).toBe('reserved_name');
      },
      slowTestMs,
    );

    test(
      'modules are not fetched, and messages name neither the machine nor the build',
      async () => {
        const fetched = await failedBuild('package main\n\nimport "example.com/x"\n\nfunc main() { x.Y() }\n');
        expect(fetched.fields.diagnostics).toMatchObject([{ file: 'main.go', line: 3, column: 8, severity: 'error' }]);
        const unknown = await failedBuild('package main\n\nimport "no/such"\n\nfunc main() { such.Y() }\n', 'a/b.go');
        expect(unknown.fields.diagnostics?.[0]?.file).toBe('a/b.go');
        expect(JSON.stringify([fetched.fields, unknown.fields])).not.toMatch(/\/(usr|tmp|root|home)\//);
        const unlinked = await failedBuild('package main\n\nfunc missing()\n\nfunc main() { missing() }\n');
        expect(unlinked.fields.diagnostics).toMatchObject([{ file: 'main.go', line: 3 }]);
        const library = await failedBuild('package library\n');
        expect(library.fields.reason).toBe('compile_error');
        expect(library.message).toContain('not called main');
      },
      slowTestMs,
    );
  });
});
