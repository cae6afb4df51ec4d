export { MemoryBackplane } from '../backplane/memory-backplane.ts';
export { busContract, type BusCase, type OpenBuses } from './bus-contract.ts';
export { openChannel, type TestChannel } from './open-channel.ts';
export { openEvents, type TestEvent, type TestEvents } from './open-events.ts';
export { UpgradeRefusedError } from './upgrade-refused-error.ts';
export { clientStoreContract, type ClientStoreCase, type OpenClientStores } from './client-store-contract.ts';
export { valueStoreContract, type OpenValueStores, type ValueStoreCase } from './value-store-contract.ts';
