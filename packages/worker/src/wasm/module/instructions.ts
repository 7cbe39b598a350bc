import type { ByteReader } from './byte-reader.js';

/**
 * What an instruction means for putting an instance back as it was: plain ones touch only memory, locals and globals;
 * the others are named by what they do.
 */
export type InstructionEffect = 'plain' | 'end' | 'table' | 'segment' | 'unknown';

type Immediate = (reader: ByteReader) => void;

const index: Immediate = (reader) => reader.skipLeb(5);
const twoIndices: Immediate = (reader) => {
  reader.skipLeb(5);
  reader.skipLeb(5);
};
// 33 bits, so that a type index and a negative type code both fit.
const signedType: Immediate = (reader) => reader.skipLeb(5);
const bytes =
  (count: number): Immediate =>
  (reader) =>
    reader.skip(count);
const branchTable: Immediate = (reader) => {
  for (let left = reader.count(); left >= 0; left -= 1) reader.skipLeb(5);
};
const valueTypes: Immediate = (reader) => {
  for (let left = reader.count(); left > 0; left -= 1) signedType(reader);
};
const tryTable: Immediate = (reader) => {
  signedType(reader);
  for (let left = reader.count(); left > 0; left -= 1) {
    // catch and catch_ref name a tag, catch_all and catch_all_ref do not; then where to go.
    if (reader.u8() < 2) reader.skipLeb(5);
    reader.skipLeb(5);
  }
};
const memoryArgument: Immediate = (reader) => {
  // Bit 6 of the alignment announces a memory index; there is only one memory here.
  if (reader.u32() >= 64) reader.fail('an alignment is too large');
  reader.skipLeb(5);
};

interface Instruction {
  readonly effect: InstructionEffect;
  readonly immediate?: Immediate;
}

type Table = (Instruction | undefined)[];

function define(table: Table, from: number, to: number, immediate?: Immediate, effect: InstructionEffect = 'plain') {
  const instruction = immediate ? { effect, immediate } : { effect };
  for (let opcode = from; opcode <= to; opcode += 1) table[opcode] = instruction;
}

const single: Table = [];
define(single, 0x00, 0x01); // unreachable, nop
define(single, 0x02, 0x04, signedType); // block, loop, if
define(single, 0x05, 0x05); // else
define(single, 0x06, 0x06, signedType); // try
define(single, 0x07, 0x09, index); // catch, throw, rethrow
define(single, 0x0a, 0x0a); // throw_ref
define(single, 0x0b, 0x0b, undefined, 'end');
define(single, 0x0c, 0x0d, index); // br, br_if
define(single, 0x0e, 0x0e, branchTable);
define(single, 0x0f, 0x0f); // return
define(single, 0x10, 0x10, index); // call
define(single, 0x11, 0x11, twoIndices); // call_indirect
define(single, 0x12, 0x12, index); // return_call
define(single, 0x13, 0x13, twoIndices); // return_call_indirect
define(single, 0x18, 0x18, index); // delegate
define(single, 0x19, 0x1b); // catch_all, drop, select
define(single, 0x1c, 0x1c, valueTypes); // select with types
define(single, 0x1f, 0x1f, tryTable);
define(single, 0x20, 0x25, index); // locals, globals, table.get
define(single, 0x26, 0x26, index, 'table'); // table.set
define(single, 0x28, 0x3e, memoryArgument); // loads and stores
define(single, 0x3f, 0x40, bytes(1)); // memory.size, memory.grow
define(single, 0x41, 0x41, (reader) => reader.skipLeb(5)); // i32.const
define(single, 0x42, 0x42, (reader) => reader.skipLeb(10)); // i64.const
define(single, 0x43, 0x43, bytes(4)); // f32.const
define(single, 0x44, 0x44, bytes(8)); // f64.const
define(single, 0x45, 0xc4); // comparison, arithmetic, conversion
define(single, 0xd0, 0xd0, signedType); // ref.null
define(single, 0xd1, 0xd1); // ref.is_null
define(single, 0xd2, 0xd2, index); // ref.func

const bulk: Table = [];
define(bulk, 0, 7); // saturating truncation
define(bulk, 8, 8, twoIndices); // memory.init
define(bulk, 9, 9, index, 'segment'); // data.drop
define(bulk, 10, 10, bytes(2)); // memory.copy
define(bulk, 11, 11, bytes(1)); // memory.fill
define(bulk, 12, 12, twoIndices, 'table'); // table.init
define(bulk, 13, 13, index, 'segment'); // elem.drop
define(bulk, 14, 14, twoIndices, 'table'); // table.copy
define(bulk, 15, 15, index, 'table'); // table.grow
define(bulk, 16, 16, index); // table.size
define(bulk, 17, 17, index, 'table'); // table.fill

const vector: Table = [];
define(vector, 0, 11, memoryArgument); // loads and stores
define(vector, 12, 13, bytes(16)); // v128.const, shuffle
define(vector, 14, 20); // swizzle, splats
define(vector, 21, 34, bytes(1)); // lanes
define(vector, 35, 83);
define(vector, 84, 91, (reader) => {
  memoryArgument(reader);
  reader.skip(1);
}); // lane loads and stores
define(vector, 92, 93, memoryArgument); // zero-extending loads
define(vector, 94, 275); // arithmetic and the relaxed instructions

const prefixed: Readonly<Record<number, Table>> = { 252: bulk, 253: vector };

/** Reads one instruction and says its effect. After 'unknown' the reader stands somewhere within it. */
export function readInstruction(reader: ByteReader): InstructionEffect {
  const opcode = reader.u8();
  const table = prefixed[opcode];
  const instruction = table ? table[reader.u32()] : single[opcode];
  if (!instruction) return 'unknown';
  instruction.immediate?.(reader);
  return instruction.effect;
}
