import type { CpuUser } from '../cpu-account.js';
import type { CpuRank } from '../cpu-debt.js';

/** Uses what the test says, and remembers what it is told. */
export class FakeUser implements CpuUser {
  used = 0;
  asked = 0;
  ranks: CpuRank[] = [];
  left: number[] = [];

  usedMs(): number {
    this.asked++;
    return this.used;
  }

  rank(rank: CpuRank): void {
    this.ranks.push(rank);
  }

  leave(processors: number): void {
    this.left.push(processors);
  }
}
