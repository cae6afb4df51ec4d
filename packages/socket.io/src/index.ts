/// <reference types="node" preserve="true" />
export type { SocketIoOptions } from './parse-options.ts';
export { requestOf } from './portlight-request.ts';
export { socketIo } from './socket-io.ts';
