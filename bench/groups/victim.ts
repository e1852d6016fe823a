/** A member that is killed: `victim.ts FILE`. It says when it has joined, and handles nothing of what comes later. */
import { openShop, orderPlaced } from '../sqlite/shop.ts'

const bus = await openShop(process.argv[2] ?? '')
const group = bus.group('takeover', { member: 'victim' }).on(orderPlaced, () => new Promise(() => undefined))
await group.joined()
process.send?.('joined')
process.once('disconnect', () => process.exit())
