import { type DescFile, type DescMessage, type DescService, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';

/** Descriptors of everything served, findable by file name and symbol. */
export class DescriptorIndex {
  /** Full names of the services, in order. */
  readonly services: readonly string[];
  readonly #files = new Map<string, DescFile>();
  readonly #symbols = new Map<string, DescFile>();
  readonly #messages = new Set<string>();

  constructor(services: readonly DescService[]) {
    this.services = services.map((service) => service.typeName).sort();
    for (const service of services) this.#addFile(service.file);
  }

  /** The file and all it depends on, serialized, dependencies last; undefined when unknown. */
  filesByName(name: string): Uint8Array[] | undefined {
    const file = this.#files.get(name) ?? this.#files.get(name.replace(/\.proto$/, ''));
    return file && serialized(file);
  }

  /** The same for the file that declares a service, method, message, field, enum or enum value. */
  filesBySymbol(symbol: string): Uint8Array[] | undefined {
    const file = this.#symbols.get(symbol);
    return file && serialized(file);
  }

  hasMessage(name: string): boolean {
    return this.#messages.has(name);
  }

  #addFile(file: DescFile): void {
    if (this.#files.has(file.proto.name)) return;
    this.#files.set(file.proto.name, file);
    for (const dependency of file.dependencies) this.#addFile(dependency);
    for (const message of file.messages) this.#addMessage(message, file);
    for (const each of file.enums) this.#addEnum(each.typeName, each.values, file);
    for (const service of file.services) {
      this.#symbols.set(service.typeName, file);
      for (const method of service.methods) this.#symbols.set(`${service.typeName}.${method.name}`, file);
    }
  }

  #addMessage(message: DescMessage, file: DescFile): void {
    this.#messages.add(message.typeName);
    this.#symbols.set(message.typeName, file);
    for (const field of message.fields) this.#symbols.set(`${message.typeName}.${field.name}`, file);
    for (const nested of message.nestedMessages) this.#addMessage(nested, file);
    for (const nested of message.nestedEnums) this.#addEnum(nested.typeName, nested.values, file);
  }

  // An enum's values are named beside it, not inside it.
  #addEnum(typeName: string, values: readonly { name: string }[], file: DescFile): void {
    this.#symbols.set(typeName, file);
    const scope = typeName.slice(0, typeName.lastIndexOf('.') + 1);
    for (const value of values) this.#symbols.set(scope + value.name, file);
  }
}

function serialized(file: DescFile): Uint8Array[] {
  const all = new Set<DescFile>();
  collect(file, all);
  return [...all].map((each) => toBinary(FileDescriptorProtoSchema, each.proto));
}

function collect(file: DescFile, into: Set<DescFile>): void {
  if (into.has(file)) return;
  into.add(file);
  for (const dependency of file.dependencies) collect(dependency, into);
}
