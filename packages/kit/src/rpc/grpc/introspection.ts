import type { Server } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';

/** What a server tells of itself: its services, by server reflection, and their health, by the standard service. */
export class Introspection {
  readonly #services: readonly string[];
  readonly #health = new HealthImplementation();

  /** @param descriptorSet a FileDescriptorSet that holds the services */
  constructor(server: Server, services: readonly string[], descriptorSet: Buffer) {
    this.#services = services;
    new ReflectionService(loadFileDescriptorSetFromBuffer(descriptorSet), { services: [...services] }).addToServer(
      server,
    );
    this.#health.addToServer(server);
  }

  /** Of the services and, by the empty name, of the server as a whole. */
  setHealth(status: 'SERVING' | 'NOT_SERVING'): void {
    for (const name of ['', ...this.#services]) this.#health.setStatus(name, status);
  }
}
