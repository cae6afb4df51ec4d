/**
 * What middleware tells those after it, in `request.state`: an app adds to it what it puts there.
 *
 * @example
 * declare module 'portlight' {
 *   interface RequestState {
 *     user?: User;
 *   }
 * }
 */
export interface RequestState {}
