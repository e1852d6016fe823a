import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { CreateOrder } from './orders/command.ts'

/** A folder that is gone after the test. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-shop-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** An order for one hammock, or for what the test says. */
export function newOrder(changes: Partial<CreateOrder> = {}): CreateOrder {
  return {
    kind: 'create',
    orderId: '42',
    userId: 'ada',
    state: 'SP',
    currency: 'BRL',
    items: [{ productId: 'hammock', priceCents: 18_900, freightCents: 2_450 }],
    time: '2017-11-24T10:00:00Z',
    ...changes,
  }
}
