/**
 * After so many short calls a WASM function is let into the loop of a worker, however slow its first one was: until then its
 * calls run on threads.
 */
export const knownShortCalls = 15;
