// Loaded before an example: whatever port it asks for, it gets a free one and tells its parent which.
import { Server } from 'node:net';

const listen = Reflect.get(Server.prototype, 'listen');

Server.prototype.listen = function listenOnAFreePort(options, ...rest) {
  // A probe of isPortFree asks for its port alone; it serves nobody.
  if (typeof options !== 'object' || options.exclusive === true) return listen.call(this, options, ...rest);
  this.once('listening', () => process.send?.({ port: this.address().port }));
  return listen.call(this, { ...options, port: 0 }, ...rest);
};
