import type { Item } from '../catalog/schemas.ts'
import type { AdvanceOrder, CreateOrder } from '../orders/command.ts'
import { oneOf, type Random } from './random.ts'

/** One order and what will become of it. */
export interface Life {
  /** Who takes it: the website publishes the newest version itself, the others are older programs. */
  readonly checkout: 'website' | 'telephone' | 'market'
  readonly sale: Pick<CreateOrder, 'orderId' | 'userId' | 'state' | 'items'>
  readonly steps: readonly Step[]
}

export interface Step {
  /** After the step before. */
  readonly afterMs: number
  readonly kind: AdvanceOrder['kind']
}

const products = [
  { productId: 'coffee-beans', priceCents: 4_590, freightCents: 890 },
  { productId: 'hammock', priceCents: 18_900, freightCents: 2_450 },
  { productId: 'football', priceCents: 9_990, freightCents: 1_290 },
  { productId: 'guitar-strings', priceCents: 3_275, freightCents: 650 },
  { productId: 'beach-towel', priceCents: 5_990, freightCents: 990 },
  { productId: 'rice-cooker', priceCents: 21_499, freightCents: 2_980 },
] as const

const customers = [
  'ana.souza',
  'bruno.lima',
  'carla.dias',
  'davi.rocha',
  'elisa.melo',
  'felipe.nunes',
  'gabi.alves',
  'hugo.costa',
] as const

/** Mail to this one never arrives. */
const unreachable = 'bounce'

const states = ['SP', 'SP', 'SP', 'RJ', 'RJ', 'MG', 'RS', 'PR', 'BA', 'PE'] as const

const checkouts = ['website', 'website', 'website', 'telephone', 'market'] as const

/** Lives without end, the same for the same numbers. @param run makes the order ids of one run unlike those of others. */
export function* lives(random: Random, run: string): Generator<Life, never> {
  for (let number = 1; ; number++) {
    const sale = {
      orderId: `${run}-${number}`,
      userId: random() < 0.03 ? unreachable : oneOf(random, customers),
      state: oneOf(random, states),
      items: basket(random),
    }
    yield { checkout: oneOf(random, checkouts), sale, steps: stepsOf(random) }
  }
}

/** One to four pieces; now and then somebody orders nothing at all. */
function basket(random: Random): Item[] {
  const pieces = random() < 0.02 ? 0 : 1 + Math.floor(random() ** 3 * 4)
  return Array.from({ length: pieces }, () => ({ ...oneOf(random, products) }))
}

function stepsOf(random: Random): Step[] {
  const within = (fromMs: number, toMs: number): number => fromMs + random() * (toMs - fromMs)
  const confirm: Step = { kind: 'confirm', afterMs: within(200, 2_000) }
  const cancel: Step = { kind: 'cancel', afterMs: within(500, 3_000) }
  const ship: Step = { kind: 'ship', afterMs: within(1_000, 4_000) }
  const deliver: Step = { kind: 'deliver', afterMs: within(2_000, 6_000) }
  const chance = random()
  if (chance < 0.05) return [confirm, cancel]
  // Somebody in the warehouse is too quick: this shipment is refused.
  if (chance < 0.08) return [ship, confirm]
  return [confirm, ship, deliver]
}
