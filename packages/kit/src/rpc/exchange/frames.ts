/** A frame is cut before the item that would take it beyond this; one larger item travels alone. */
export const frameBytesMax = 1024 * 1024;

/** Hands on items in order, in groups of at most {@link frameBytesMax}. */
export function cutFrames<Item>(
  items: readonly Item[],
  sizeOf: (item: Item) => number,
  send: (group: readonly Item[]) => void,
): void {
  let begin = 0;
  let bytes = 0;
  for (const [index, item] of items.entries()) {
    const size = sizeOf(item);
    if (index > begin && bytes + size > frameBytesMax) {
      send(items.slice(begin, index));
      begin = index;
      bytes = 0;
    }
    bytes += size;
  }
  if (begin === 0 && items.length > 0) send(items);
  else if (begin < items.length) send(items.slice(begin));
}
