/** Goes on at once where nothing has to be waited for, else when it is there. */
export function whenReady<Value, Next>(value: Value | Promise<Value>, next: (value: Value) => Next | Promise<Next>): Next | Promise<Next> {
  return value instanceof Promise ? value.then(next) : next(value);
}

export function whenBoth(one: void | Promise<void>, other: void | Promise<void>): void | Promise<void> {
  if (one instanceof Promise || other instanceof Promise) return Promise.all([one, other]).then(() => {});
}
