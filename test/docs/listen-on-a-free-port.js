// Loaded before an example: whatever port it asks for, it gets a free one and tells its parent which.
import { syncBuiltinESMExports } from 'node:module';
import net, { connect, Server } from 'node:net';

const listen = Reflect.get(Server.prototype, 'listen');

Server.prototype.listen = function listenOnAFreePort(options, ...rest) {
  // A probe of isPortFree asks for its port alone; it serves nobody. A child is given a handle.
  if (typeof options !== 'object' || options.exclusive === true || options.port === undefined)
    return listen.call(this, options, ...rest);
  this.once('listening', () => process.send?.({ port: this.address().port }));
  return listen.call(this, { ...options, port: 0 }, ...rest);
};

// What a process binds that has others listen.
const create = Reflect.get(net, '_createServerHandle');

net._createServerHandle = function bindToAFreePort(address, port, ...rest) {
  const handle = create(address, 0, ...rest);
  const bound = {};
  handle.getsockname(bound);
  sayWhenAccepted(bound.port);
  return handle;
};
syncBuiltinESMExports();

function sayWhenAccepted(port) {
  connect(port, '127.0.0.1', function sayIt() {
    this.destroy();
    process.send?.({ port });
  }).on('error', () => setTimeout(() => sayWhenAccepted(port), 20));
}
