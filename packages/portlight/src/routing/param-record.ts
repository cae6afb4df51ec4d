/**
 * The params of a match: only what was captured, whatever its name, so that a param called `constructor` or
 * `__proto__` is plain data.
 *
 * Its prototype is an empty object that inherits nothing, instead of `null`: V8 keeps such objects in fast mode.
 */
export class ParamRecord {
  [name: string]: string | string[];

  static {
    Object.setPrototypeOf(this.prototype, null);
    Reflect.deleteProperty(this.prototype, 'constructor');
    Object.freeze(this.prototype);
  }
}

/** For all matches without params; frozen, because requests share it. */
export const NO_PARAMS: ParamRecord = Object.freeze(new ParamRecord());
