import { defineConfig } from 'tidings'
import { catalog } from './examples/shop/catalog/catalog.ts'

/** The shop's: with `npm start -- --url sqlite:shop.db`, every command of `tidings` works without options. */
export default defineConfig({
  catalog,
  url: process.env['TIDINGS_URL'] ?? 'sqlite:shop.db',
  source: '/tidings-cli',
})
