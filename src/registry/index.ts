export { type Listening, type ListenOptions, listen } from './listen.ts'
export { type RegistryServer, type RegistryServerOptions, registryServer } from './registry-server.ts'
