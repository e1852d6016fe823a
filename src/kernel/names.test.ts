import { expect, test } from 'vitest'
import { checkName, limits } from './index.ts'

test.each(['orders', 'a', '7', 'shop.orders-v2_EU', 'a'.repeat(limits.nameLength)])(
  '%j is a name',
  (name) => {
    expect(() => checkName('A topic', name)).not.toThrow()
  },
)

test.each(['', '.orders', '-a', 'a b', 'a/b', 'ä', 'a\n', 'a'.repeat(limits.nameLength + 1)])(
  '%j is not a name',
  (name) => {
    expect(() => checkName('A topic', name)).toThrow(/^name_invalid: A topic cannot be called/)
  },
)
