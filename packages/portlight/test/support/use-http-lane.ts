import { DEFAULT_SERVER_CONFIG } from '../../src/config/server-options.ts';

// What a test leaves to the defaults goes by the lane through node:http.
Object.assign(DEFAULT_SERVER_CONFIG, { lane: 'http' });
