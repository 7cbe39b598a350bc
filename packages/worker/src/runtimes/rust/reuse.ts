/**
 * Behind the crate's root: what makes its main serve call after call of an instance that is used again. Lines before it
 * keep their numbers.
 */
const relay = `
mod relais_reuse {
    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    extern "C" {
        fn environ_sizes_get(count: *mut usize, bytes: *mut usize) -> i32;
        fn environ_get(list: *mut *const u8, text: *mut u8) -> i32;
    }
    extern "C" {
        fn __wasm_call_ctors();
    }

    #[no_mangle]
    pub extern "C" fn _initialize() {
        unsafe { __wasm_call_ctors() }
    }

    #[no_mangle]
    pub extern "C" fn relais_run() -> i32 {
        renew_environment();
        let code = ::std::process::Termination::report(super::main());
        let _ = ::std::io::Write::flush(&mut ::std::io::stdout());
        // The number itself is not to be had from stable Rust.
        i32::from(format!("{:?}", code) != format!("{:?}", ::std::process::ExitCode::SUCCESS))
    }

    fn renew_environment() {
        let (mut count, mut bytes) = (0usize, 0usize);
        if unsafe { environ_sizes_get(&mut count, &mut bytes) } != 0 {
            return;
        }
        let mut list = vec![::std::ptr::null::<u8>(); count + 1];
        let mut text = vec![0u8; bytes + 1];
        if unsafe { environ_get(list.as_mut_ptr(), text.as_mut_ptr()) } != 0 {
            return;
        }
        for (name, _) in ::std::env::vars_os().collect::<Vec<_>>() {
            ::std::env::remove_var(name);
        }
        for item in text[..bytes].split(|byte| *byte == 0) {
            if let Some((name, value)) = ::std::str::from_utf8(item).ok().and_then(|item| item.split_once('=')) {
                ::std::env::set_var(name, value);
            }
        }
    }
}
`;

/** Linker arguments that keep what the relay exports. */
export const reuseLinking: readonly string[] = ['relais_run', '_initialize'].flatMap((name) => [
  '-C',
  `link-arg=--export=${name}`,
]);

/** A crate's root with the relay behind it. */
export function reusable(root: Uint8Array): Buffer {
  return Buffer.concat([root, Buffer.from(`\n${relay}`)]);
}
