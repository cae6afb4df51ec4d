/** Goes on at once where nothing has to be waited for, else when it is there. */
export function whenReady<Value, Next>(value: Value | Promise<Value>, next: (value: Value) => Next | Promise<Next>): Next | Promise<Next> {
  return value instanceof Promise ? value.then(next) : next(value);
}
