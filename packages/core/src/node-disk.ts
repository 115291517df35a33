export { nodeDisk } from './runtime/node-disk.ts'
