/** As many as Node has threads for it; each may hold the largest message before it is known how large it is. */
const atOnceMax = 4;

const waiting: (() => void)[] = [];
let unpackingCount = 0;

/** Unpacks what came packed, few at once in this process: a few bytes unpack to megabytes. The others wait their turn. */
export async function inUnpackingTurn<T>(unpack: () => Promise<T>): Promise<T> {
  if (unpackingCount < atOnceMax) unpackingCount++;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    return await unpack();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else unpackingCount--;
  }
}
