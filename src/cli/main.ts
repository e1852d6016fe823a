#!/usr/bin/env node
/**
 * The entry of the command line. It imports nothing before it has looked at the version of Node, and uses no syntax
 * that an old one cannot read: what it imports needs a Node that an old one is not.
 */
const oldest = [24, 12]
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const [oldestMajor = 0, oldestMinor = 0] = oldest

if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
  // This error has its words here: the class that has them elsewhere would have to be imported.
  const code = 'node_too_old'
  process.stderr.write(
    `tidings: ${code}: This is Node ${process.versions.node}; Tidings needs ${oldest.join('.')} or newer. Install it from https://nodejs.org, or for this project alone: npm install --save-dev node@24, which npx and npm run use then.\n`,
  )
  process.exitCode = 2
} else {
  void import('./process-io.ts').then(({ runInProcess }) => runInProcess())
}
