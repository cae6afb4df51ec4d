import type { ParamRecord } from './param-record.ts';

/** What a path leads to. */
export interface RouteMatch<Target> {
  readonly target: Target;
  /**
   * What the path holds in place of the params, nothing escaped; an array for a wildcard. Names of optional groups that
   * took no part are absent. Nothing is inherited: `params.constructor` is only there if a param is called so.
   */
  readonly params: ParamRecord;
}
