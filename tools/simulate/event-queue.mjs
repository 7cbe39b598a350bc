/** What happens when, by time; what was added first of equal times comes first. A binary heap. */
export class EventQueue {
  #heap = [];
  #added = 0;

  get size() {
    return this.#heap.length;
  }

  /** When the next thing happens, milliseconds; undefined when nothing will. */
  get nextMs() {
    return this.#heap[0]?.atMs;
  }

  add(atMs, callback) {
    const heap = this.#heap;
    const event = { atMs, order: this.#added++, callback };
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(event, heap[parent])) break;
      heap[index] = heap[parent];
      index = parent;
    }
    heap[index] = event;
  }

  /** Takes the next one; undefined when there is none. */
  take() {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(event) {
    const heap = this.#heap;
    let index = 0;
    for (let child = 1; child < heap.length; child = 2 * index + 1) {
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++;
      if (!before(heap[child], event)) break;
      heap[index] = heap[child];
      index = child;
    }
    heap[index] = event;
  }
}

function before(a, b) {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
