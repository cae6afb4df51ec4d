export { MESSAGES, type Standing, writeAnswer } from './leases/lease-messages.ts';
export { countedMs, isLeased, partsOf } from './leases/lease-terms.ts';
export { type Loop, nodeLoop } from './leases/loop.ts';
