/**
 * Warm instances of one worker: at most instancesMax with those in use, each gone after keepAliveMs without a call; when
 * there are too many, the longest unused goes.
 */
export class Instances {
  #instancesMax;
  #keepAliveMs;
  #inUse = 0;
  /** Idle ones, longest unused first. */
  #idle = new Set();
  /** The same by function, last used last. */
  #byFunction = new Map();

  constructor(instancesMax, keepAliveMs) {
    this.#instancesMax = instancesMax;
    this.#keepAliveMs = keepAliveMs;
  }

  /** Takes an instance for a call; true when it had to be started. */
  take(fnIndex, nowMs) {
    this.#inUse++;
    const idle = this.#byFunction.get(fnIndex);
    const last = idle?.pop();
    if (last) this.#idle.delete(last);
    if (idle?.length === 0) this.#byFunction.delete(fnIndex);
    if (last && nowMs - last.usedMs <= this.#keepAliveMs) return false;
    this.#evict(nowMs);
    return true;
  }

  /** The call is over; its instance waits for another. */
  giveBack(fnIndex, nowMs) {
    this.#inUse--;
    const instance = { fnIndex, usedMs: nowMs };
    this.#idle.add(instance);
    const idle = this.#byFunction.get(fnIndex);
    if (idle) idle.push(instance);
    else this.#byFunction.set(fnIndex, [instance]);
  }

  /** The idle ones of a function end. */
  endIdle(fnIndex) {
    for (const instance of this.#byFunction.get(fnIndex) ?? []) this.#idle.delete(instance);
    this.#byFunction.delete(fnIndex);
  }

  /** Time and memory have their due. */
  #evict(nowMs) {
    for (const oldest of this.#idle) {
      const tooMany = this.#inUse + this.#idle.size > this.#instancesMax;
      if (!tooMany && nowMs - oldest.usedMs <= this.#keepAliveMs) return;
      this.#idle.delete(oldest);
      const idle = this.#byFunction.get(oldest.fnIndex);
      idle.splice(idle.indexOf(oldest), 1);
      if (idle.length === 0) this.#byFunction.delete(oldest.fnIndex);
    }
  }
}
