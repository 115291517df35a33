// `npm run test:matrix`: the tests on every Node line we support, each fetched by npx and run from a fresh install.
import { spawnSync } from 'node:child_process'

const versions = ['20', '22', '24']
const failed = []
for (const version of versions) {
  console.log(`\nnode ${version}`)
  const { status } = spawnSync(`npx -y -p node@${version} -- npm test`, { stdio: 'inherit', shell: true })
  if (status !== 0) failed.push(version)
}
if (failed.length > 0) console.log(`\nfailed on node ${failed.join(', ')}`)
process.exit(failed.length === 0 ? 0 : 1)
