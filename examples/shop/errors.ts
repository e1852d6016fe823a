/** Something that whoever started the shop can put right; the sentence says how. */
export class ShopError extends Error {
  override readonly name: string = 'ShopError'
}

/** The call itself is wrong. */
export class UsageError extends ShopError {
  override readonly name = 'UsageError'
}
