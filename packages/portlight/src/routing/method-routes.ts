import type { Endpoint } from './endpoint.ts';
import type { ParamRecord } from './param-record.ts';
import type { PathExpression } from './path-expression.ts';
import type { RouteMatch } from './route-match.ts';
import { SegmentTree } from './segment-tree.ts';
import { WILDCARD } from './shape.ts';
import { StaticRoutes } from './static-routes.ts';

const SLASH = 0x2f;

/** A route whose pattern is a `RegExp` or `null`. */
export interface ExpressionRoute<Target> {
  readonly expression: PathExpression;
  readonly target: Target;
  /** Whether it takes any method: one with the method's own name then goes first. */
  readonly isAny: boolean;
  /** Its place among all routes of the table. */
  readonly order: number;
}

/** The routes that take one method, those of any method included. */
export class MethodRoutes<Target> {
  readonly #strictSlashes: boolean;
  readonly #statics: StaticRoutes<Target> = new StaticRoutes();
  readonly #tree: SegmentTree<Target> = new SegmentTree();
  /**
   * With `strictSlashes` what a path takes that ends in a slash, without it: patterns that do, and those that end in a
   * wildcard.
   */
  readonly #slashedTree: SegmentTree<Target> = new SegmentTree();
  readonly #expressions: ExpressionRoute<Target>[] = [];

  constructor(strictSlashes: boolean) {
    this.#strictSlashes = strictSlashes;
  }

  add(endpoint: Endpoint<Target>): void {
    if (endpoint.isStatic) this.#statics.add(endpoint.key, endpoint);
    else if (endpoint.endsInSlash) this.#slashedTree.add(endpoint);
    else {
      this.#tree.add(endpoint);
      if (this.#strictSlashes && endpoint.shape.endsWith(WILDCARD)) this.#slashedTree.add(endpoint);
    }
  }

  addExpression(route: ExpressionRoute<Target>): void {
    const place = this.#expressions.findIndex(({ expression }) => expression.shape === route.expression.shape);
    if (place === -1) this.#expressions.push(route);
    else if (this.#expressions[place]?.isAny === true) this.#expressions[place] = route;
  }

  /** String patterns first; the others only where none of them takes the path. */
  match(path: string): RouteMatch<Target> | undefined {
    const endpoint = this.find(path);
    if (endpoint !== null) return endpoint.match(path);
    return this.#expressions.length === 0 ? undefined : this.#matchExpression(path);
  }

  /** The most specific string pattern that takes the path. */
  find(path: string): Endpoint<Target> | null {
    const isSlashed = path.length > 2 && path.charCodeAt(path.length - 1) === SLASH;
    const trimmed = isSlashed ? path.slice(0, -1) : path;
    const endpoint = this.#statics.get(this.#strictSlashes ? path : trimmed);
    if (endpoint !== undefined) return endpoint;
    return (isSlashed && this.#strictSlashes ? this.#slashedTree : this.#tree).find(trimmed);
  }

  /** The first route with an expression that takes the path. */
  findExpression(path: string): ExpressionRoute<Target> | undefined {
    return this.#expressions.find(({ expression }) => expression.match(path) !== undefined);
  }

  #matchExpression(path: string): RouteMatch<Target> | undefined {
    for (const { expression, target } of this.#expressions) {
      const params: ParamRecord | undefined = expression.match(path);
      if (params !== undefined) return { target, params };
    }
    return undefined;
  }
}
