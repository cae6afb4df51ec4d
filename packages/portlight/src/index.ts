/// <reference types="node" preserve="true" />
export type {
  ErrorHandler,
  ErrorStatus,
  FinishedExchange,
  FinishObserver,
  Middleware,
  ResponseInterceptor,
} from './config/hooks.ts';
export type {
  LeaseLine,
  RateLimitAlgorithm,
  RateLimitClaim,
  RateLimitDecision,
  RateLimitPolicy,
  RateLimitStore,
} from '@portlight/rate-limit';
export type { Backplane, BackplaneWatcher } from './backplane/backplane.ts';
export { formatPosition, parsePosition } from './backplane/bus.ts';
export type {
  Bus,
  BusMessage,
  BusReceiver,
  ChannelPresence,
  MemberChange,
  PassedMessage,
  Position,
  PresentMember,
  ProcessState,
  Published,
  PublishTerms,
  Replay,
  Retention,
  Since,
} from './backplane/bus.ts';
export type { ClientStore, ClientWatcher, Reservation } from './backplane/client-store.ts';
export type { SharedStores, StoresEnd } from './backplane/shared-stores.ts';
export type { ValueStore } from './backplane/value-store.ts';
export type { ConnectHandler, ConnectReason, DisconnectHandler, DisconnectReason } from './clients/client-registry.ts';
export type { RateLimitOptions, RouteRateLimit } from './config/rate-limit-options.ts';
export type { MimeTypes } from './config/mime-types.ts';
export type { TrustProxy } from './config/trust-proxy.ts';
export type { FilesOptions } from './config/files-options.ts';
export type { RouteOptions } from './config/route-options.ts';
export type { ServerOptions } from './config/server-options.ts';
export type { TlsOptions } from './config/tls-options.ts';
export type { Channel } from './channels/channel.ts';
export type { ServerSentEvent } from './channels/encode-event.ts';
export type { EventStream } from './channels/event-stream.ts';
export type { SendResult } from './channels/outbox.ts';
export type { WebSocketOptions } from './config/websocket-options.ts';
export { AbortedError } from './errors/aborted-error.ts';
export { BackplaneError } from './errors/backplane-error.ts';
export { ChannelError } from './errors/channel-error.ts';
export { ConfigError } from './errors/config-error.ts';
export type { ErrorCode } from './errors/error-code.ts';
export {
  BadRequestError,
  ForbiddenError,
  HttpError,
  type HttpErrorOptions,
  InternalServerError,
  MethodNotAllowedError,
  NotFoundError,
  PayloadTooLargeError,
  RequestTimeoutError,
  ServiceUnavailableError,
  TooManyRequestsError,
  UnauthorizedError,
  UnsupportedMediaTypeError,
} from './errors/http-error.ts';
export { AddressNotFoundError, ListenError, PortInUseError, PortNotAllowedError } from './errors/listen-error.ts';
export { PortlightError } from './errors/portlight-error.ts';
export { ReplyError } from './errors/reply-error.ts';
export { WorkerError } from './errors/worker-error.ts';
export { ValidationError, type ValidationIssue } from './errors/validation-error.ts';
export type { CookieOptions } from './fields/cookie.ts';
export type { HeaderList } from './fields/header-list.ts';
export type { ChannelHandlers, EventsHandler, MessageHandler } from './handlers/channel-route.ts';
export type { RouteHandler, RouteReply, RouteShape } from './handlers/route-handler.ts';
export type { JoinOptions, PresenceChange } from './hub/hub.ts';
export type { BridgeOptions } from './bridge/bridge-options.ts';
export { HttpServer, type RunOptions } from './http-server.ts';
export type { ShutdownOptions } from './config/shutdown-options.ts';
export type { Hook } from './lifecycle/hooks.ts';
export type { StopReason, StopReport } from './lifecycle/stop-report.ts';
export type { Logger } from './log.ts';
export type { AnyRequestShape, HttpRequest, RequestClient, RequestShape } from './request/http-request.ts';
export type { FormLimits } from './request/form-limits.ts';
// An interface that apps add to is found behind a star alone.
export type * from './request/request-state.ts';
export type { ReceivedFormData, UploadedFile } from './request/uploaded-file.ts';
export type { Query } from './request/query.ts';
export type { Client, Clients, Presence, PublishOptions, PublishResult, ServerView } from './server-view.ts';
export type { BodyStream, Chunk, ResponseBody } from './response/body-stream.ts';
export type { FileOptions } from './response/file-body.ts';
export type { HeaderValue } from './response/field-text.ts';
export { type HeaderFields, HttpResponse, type ResponseInit, type StreamInit } from './response/http-response.ts';
export type { TrailerFields, TrailerValue } from './response/trailers.ts';
export type { WorkerInfo } from './runners/worker-info.ts';
export type { RegisteredRoute } from './registration/list-routes.ts';
export { type AtOnce, Router, type RouterOptions } from './router.ts';
export type { PathParams } from './routing/params.ts';
export type { RoutePattern } from './routing/pattern.ts';
