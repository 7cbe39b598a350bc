/** Name of the file in main's package; no other file of a package may have it. */
export const relayName = 'relais_reuse.go';

/** The first Go that exports functions. */
export const reuseMinorMin = 24;

/** Makes main serve call after call of an instance that is used again, each with its own environment. */
export const relay = Buffer.from(`package main

import (
	relaisOS "os"
	relaisStrings "strings"
	relaisUnsafe "unsafe"
)

//go:wasmimport wasi_snapshot_preview1 environ_sizes_get
func relaisSizes(count, bytes relaisUnsafe.Pointer) uint32

//go:wasmimport wasi_snapshot_preview1 environ_get
func relaisEnviron(list, text relaisUnsafe.Pointer) uint32

//go:wasmexport relais_run
func relaisRun() {
	relaisRenewEnvironment()
	main()
}

func relaisRenewEnvironment() {
	var count, bytes uint32
	if relaisSizes(relaisUnsafe.Pointer(&count), relaisUnsafe.Pointer(&bytes)) != 0 {
		return
	}
	list, text := make([]uint32, count+1), make([]byte, bytes+1)
	if relaisEnviron(relaisUnsafe.Pointer(&list[0]), relaisUnsafe.Pointer(&text[0])) != 0 {
		return
	}
	relaisOS.Clearenv()
	for _, item := range relaisStrings.Split(string(text[:bytes]), "\\x00") {
		if name, value, found := relaisStrings.Cut(item, "="); found {
			relaisOS.Setenv(name, value)
		}
	}
}
`);
