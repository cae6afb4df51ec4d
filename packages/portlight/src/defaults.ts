/**
 * Every default and every fixed limit of the framework, once, with unit and source. docs/reference/options.md says
 * which are options.
 */
export const DEFAULTS = {
  /** Loopback: a server is open to the network only when it is told so. */
  address: '127.0.0.1',
  port: 8080,
  /** Pending connections in the kernel (Node docs: server.listen). */
  backlog: 511,
  /** 1 MiB, as fastify has it. */
  maxBodyBytes: 1_048_576,
  /** Names and values; keeps a query from filling a hash table (CVE-2026-21717). */
  maxQueryParameters: 1_000,
  /** 16 KiB, as llhttp has it. */
  maxHeaderBytes: 16_384,
  /** What Cowboy, hyper, HAProxy and uWebSockets have. */
  maxHeaderLines: 100,
  /** 8 KiB, the buffer nginx has for a request line. */
  maxUrlBytes: 8_192,
  /** As PHP has it; far from where a stack ends. */
  maxJsonDepth: 512,
  /** Fields and files of one form. */
  maxFormFields: 1_000,
  maxFormFiles: 100,
  /** 64 KiB: a larger file of a form goes to disk. */
  formMemoryBytes: 65_536,
  /** Requests of one connection that are handled at once, while all are safe; unsafe ones are handled alone. */
  maxPipelined: 8,
  /** Total time for a head, whatever the speed of the client (HAProxy: timeout http-request). */
  headersTimeoutMs: 10_000,
  /** Total time for head and body. */
  requestTimeoutMs: 60_000,
  /** Above the 60 s after which common load balancers close, so that they close first (nodejs/node#27363). */
  keepAliveTimeoutMs: 75_000,
  /** Without a byte taken by the client. */
  writeTimeoutMs: 30_000,
  /** What a process with the usual 16,384 descriptors can hold beside its files. */
  maxConnections: 10_000,
  /** No limit below that for all: behind a proxy every client has one address. */
  maxConnectionsPerIp: 10_000,
  /** Clients that are connected by `/connect`; one more is answered 503. */
  maxClients: 100_000,
  /** Of what identifies a client, in characters. */
  maxClientIdLength: 256,
  /** Of the connect handlers of one client together; then it is not connected. */
  connectHandlerMs: 30_000,
  /** How much longer the place of a client is kept for its handlers, should clocks and messages be slow. */
  reservationSlackMs: 5_000,
  /** Between two questions whether another process has decided on a client. */
  reservationPollMs: 50,
  /** How late another process hears of a request of a client that is connected. */
  noteRequestsMs: 1_000,
  /** Clients of whose requests it has not heard; then it hears at once. */
  maxUnsaidClients: 1_000,
  /**
   * 16 MiB: of messages that a child does not take, how much waits in the primary, and of publications that the primary
   * does not take, in a child.
   */
  maxWaitingBytes: 16_777_216,
  /** How long a child has to give unused seats back; then they count as taken, and it is not asked until it speaks. */
  seatRecallMs: 200,
  /** What a backplane has to be open; then the server does not start. */
  backplaneOpenMs: 10_000,
  /** What a backplane has for an answer that a request or a stop waits for. */
  storeTimeoutMs: 1_000,
  /** A store of limits that takes longer to reject is waited for by no other request until it answers. */
  storeSlowMs: 50,
  /** Between two questions to a store of limits that answers too late, or two attempts to open a backplane. */
  storeProbeMs: 1_000,
  /** When a client may come back that could not be answered without the backplane, in seconds. */
  outageRetrySeconds: 5,
  /** Between two lines of the log about what comes and goes in a backplane. */
  outageLogMs: 10_000,
  /** Of one WebSocket message: 1 MiB; ws would take 100. */
  maxPayloadBytes: 1_048_576,
  /** Frames that one message may come in at least; more where `maxPayloadBytes` has room for more of 64 bytes each. */
  minFragments: 1_024,
  /**
   * Pieces that one frame may come in at least, as the network cuts it (ws: maxBufferedChunks); more in the same way.
   */
  minFramePieces: 262_144,
  /** Pongs that wait for a client that does not take them (ws: maxPendingAutoPongs). */
  maxPendingPongs: 60,
  /** Messages of one client that wait while a handler works; then nothing more is read from it. */
  maxWaitingMessages: 64,
  /** What waits for one client that takes it slowly: 1 MiB. */
  maxBackpressureBytes: 1_048_576,
  /** Without a frame before a ping; below the 60 s after which common proxies close. */
  heartbeatMs: 25_000,
  /** Between a ping and the end of a client that says nothing. */
  pongTimeoutMs: 20_000,
  /** How long a closing WebSocket waits for the other side's close. */
  closeTimeoutMs: 2_000,
  /** 64 KiB: of what a client has missed, how much is written before it has taken some. */
  replayBytes: 65_536,
  maxChannels: 10_000,
  maxChannelsPerIp: 10_000,
  messagesPerSecond: 1_000,
  /** Origins that were refused and are remembered, so that each is warned of once. */
  maxWarnedOrigins: 100,
  /** What clients of event streams wait before they come back; up to a second is added at random. */
  eventRetryMs: 2_000,
  /** Without an event before a comment is sent. */
  eventHeartbeatMs: 15_000,
  /** Of `Last-Event-ID`, in characters. */
  maxEventIdLength: 256,
  /** Answers to a wrong method that are kept for one route: other routes can take the same path for more methods. */
  maxMissPlans: 64,
  /** Requests that wait for their turn in the mode 'sequential'; one more is answered 503. */
  maxQueued: 1_000,
  /** Connections that wait for a child process in the mode 'forked', as many as some ten processes answer in time. */
  maxQueuedConnections: 128,
  /** What a client waits for a child process in the mode 'forked'. */
  queueTimeoutMs: 10_000,
  /** Child processes in the mode 'forked', the spare ones among them. */
  forkedProcesses: 10,
  minSpare: 2,
  maxSpare: 5,
  /** Between two looks at whether there are too many spare ones. */
  spareLookMs: 1_000,
  /** For how long clients wait for a child process before kept connections of others are told to end. */
  hurryAfterMs: 50,
  /** For a spare child process to answer before another one is asked too. */
  spareAnswerMs: 50,
  /** For a child process to take a connection that is handed to it; one that is later leaves it to another one. */
  handOverMs: 5_000,
  /** 1 MiB: a body up to that comes before the turn of its request. */
  maxEarlyBodyBytes: 1_048_576,
  /** In the mode 'sequential': a handler that calls its own server waits for itself, and has to end. */
  turnTimeoutMs: 30_000,
  /** Until a child process serves: an app of some size on a busy machine, and a database that is slow to answer. */
  bootTimeoutMs: 30_000,
  /** Between two reports of a child process before it is taken for stuck. */
  unresponsiveTimeoutMs: 10_000,
  /** What a child process that is not stuck has beyond the time of a stop, for its hooks and its last words. */
  childEndMs: 1_250,
  /** How long a child process that was sent SIGTERM waits to hear whether its primary was as well. */
  groupSignalMs: 100,
  /** Between two reports of a child process. */
  reportMs: 1_000,
  /** Between two looks at how late the event loops of child processes are, which they report each second. */
  lagLookMs: 500,
  /** How long a child process serves at least before it is replaced for what it holds or has answered. */
  recycleAfterMs: 3_000,
  /** Until a child process that could not be replaced is replaced once more. */
  recycleAgainMs: 60_000,
  /** Between two messages of a child to its primary about how many connections it has. */
  loadTellMs: 20,
  /** 0: a handler may take as long as it likes. */
  handlerTimeoutMs: 0,
  /** What the middleware around a handler that took too long has for the 503, before it is passed over. */
  deadlineGraceMs: 1_000,
  /** How long a response waits for one interceptor or error handler before it is sent without it. */
  replyTimeoutMs: 10_000,
  /** From the beginning of a stop to the force. */
  drainTimeoutMs: 10_000,
  /** Between not ready and no longer accepting; a load balancer needs some seconds. */
  drainDelayMs: 0,
  /** How long a drain waits for the rest of a head before it answers 408. */
  drainHeadMs: 1_000,
  /**
   * How long a connection that shall end with its next response waits for a request (HAProxy: idle-close-on-response).
   */
  closingSilenceMs: 2_000,
  /** What the handlers of channels get that were cut at the end of a drain. */
  cutChannelsMs: 100,
  /** What shutdown hooks get at least, even when connections took the whole drain. */
  shutdownHookMs: 1_000,
  /** Of a stream to a client that has closed its side, the longest time between two chunks. */
  halfClosedMs: 5_000,
  /** Of an unread body, how much is taken from the client to keep the connection. */
  maxDrainedBodyBytes: 65_536,
  /** Between two lines of the log about connections that could not be accepted. */
  acceptErrorLogMs: 10_000,
  /** Between SIGTERM and SIGKILL for a process that holds a port. */
  portHolderMs: 2_000,
  /**
   * How long a closing connection takes what the client still sends, so that it can read its answer (nginx:
   * lingering_timeout).
   */
  lingerMs: 5_000,
  /** The same while the server stops. */
  drainLingerMs: 1_000,
  /** In UTF-16 units: topics and the names of members. Names are keys in memory, and often chosen by clients. */
  maxTopicLength: 512,
  /** 1 MiB: what arrives for a topic while it waits for an answer of the bus; beyond it there is a gap. */
  maxHeldBytes: 1_048_576,
  /** Topics that one channel may join (Centrifugo: client.channel_limit). */
  maxTopicsPerMember: 128,
  /** 64 MiB: what the histories of all topics take together; the oldest messages go first. */
  maxHistoryBytes: 67_108_864,
  /** The most that `history` takes as `size`: a replay is written in one turn. */
  maxHistorySize: 10_000,
  /** Departures that are remembered for `since: 'left'`, some 10 MB; the longest gone are forgotten. */
  maxDepartures: 100_000,
  /** 1 MiB: one body of a bridge. */
  maxBridgeBytes: 1_048_576,
  /** Messages in one body of a bridge, and topics of one of them. */
  maxBridgeMessages: 100,
  maxBridgeTopics: 100,
  /** As long as the output of SHA-256 (RFC 2104 §3: a shorter key makes an HMAC weaker). */
  minSecretBytes: 32,
  /** How far the clock of who signs may be from this one. */
  signatureSeconds: 300,
  /** How long an id of a publication is known, so that a repeat is not passed on. */
  publishIdMs: 300_000,
  /** Ids of publications that are remembered, some 20 MB; the oldest are forgotten. */
  maxPublishIds: 100_000,
  /** 64 MiB: what the values of a process take together, about; where there is no room, nothing is added. */
  maxValueBytes: 67_108_864,
  /** Topics remembered whose history has run dry, so that a comer can be told whether anything was missed. */
  maxQuietTopics: 10_000,
} as const;
