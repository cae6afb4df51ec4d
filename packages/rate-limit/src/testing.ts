export { storeContract, type StoreCase } from './testing/store-contract.ts';
