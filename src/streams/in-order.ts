import { isThenable } from '../kernel/index.ts'

/** Calls one after the other: at once as long as nothing is to be awaited. */
export function inOrder<Item>(
  items: readonly Item[],
  call: (item: Item) => void | Promise<void>,
): void | Promise<void> {
  for (const [index, item] of items.entries()) {
    const done = call(item)
    if (isThenable(done)) return awaited(done, items.slice(index + 1), call)
  }
}

async function awaited<Item>(
  first: PromiseLike<void>,
  items: readonly Item[],
  call: (item: Item) => void | Promise<void>,
): Promise<void> {
  await first
  for (const item of items) await call(item)
}
