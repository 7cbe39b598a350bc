import { RelaisError } from '@relais/kit';
import { checkCflags } from './cflags.js';

test.each([
  [['-O3', '-O0', '-Os', '-Oz', '-O', '-Ofast', '-Og']],
  [['-DNDEBUG', '-DX=1', '-DNAME="a b"', '-DF(x, y)=x']],
  [['-std=c11', '-std=gnu++20', '-Wall', '-Wno-unused', '-Werror=format', '-Wframe-larger-than=100']],
  [['-fno-strict-aliasing', '-fwrapv', '-funroll-loops', '-Iinclude', '-I.', '-Ia/b.c/d']],
])('allows %p', (flags) => {
  expect(() => checkCflags(flags)).not.toThrow();
});

test.each([
  '-Wl,--export-all',
  '-Wa,x',
  '-Wp,-D',
  '-I/etc',
  '-I..',
  '-I../x',
  '-Ia/../../x',
  '-I',
  '-I-',
  '-D',
  '-DX=1\n-o',
  '-DX=\0',
  '-fplugin=x',
  '-fpass-plugin=x',
  '-fprofile-generate',
  '-fno-profile-generate',
  '-fmodules-cache-path=/x',
  '-fuse-ld=x',
  '-ftime-trace=x',
  '-fdiagnostics-format=sarif',
  '-fsyntax-only',
  '-fno-integrated-as',
  '-fcrash-diagnostics-dir=x',
  '-O4x',
  '-std=c11 -o',
  '-std=../x',
  '-o',
  '-include',
  '-nostdlib',
  '-Xclang',
  '-mexec-model=reactor',
  '-L/x',
  '-lx',
  '@file',
  'main.c',
  '--target=x86_64',
  '',
  `-D${'X'.repeat(2000)}`,
])('refuses %p, naming it', (flag) => {
  let refusal: unknown;
  try {
    checkCflags(['-O2', flag]);
  } catch (error) {
    refusal = error;
  }
  expect(RelaisError.is(refusal) && [refusal.code, refusal.fields.reason]).toEqual([
    'invalid_argument',
    'invalid_cflags',
  ]);
  expect(String(refusal)).toContain(JSON.stringify(flag.slice(0, 80)));
});

test('refuses too many', () => {
  expect(() => checkCflags(Array.from({ length: 65 }, () => '-Wall'))).toThrow(/64/);
});
