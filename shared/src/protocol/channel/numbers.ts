/**
 * Content types and header keys: 0–60999 are OpenZiti's (channel, edge and control protocols), from
 * 61100 and 3101 on they are Postern's (docs/protocol.md, "Channel").
 */
export const ContentType = {
  hello: 0,
  ping: 1,
  result: 2,
  latency: 3,
  latencyResponse: 4,
  heartbeat: 5,
  raw: 6,

  connect: 60783,
  stateConnected: 60784,
  stateClosed: 60785,
  data: 60786,
  dial: 60787,
  dialSuccess: 60788,
  dialFailed: 60789,
  bind: 60790,
  unbind: 60791,
  updateBind: 60794,
  healthEvent: 60795,
  traceRoute: 60796,
  traceRouteResponse: 60797,
  connInspectRequest: 60798,
  connInspectResponse: 60799,
  bindSuccess: 60800,
  updateTokenSuccess: 60801,
  updateTokenFailure: 60802,
  updateToken: 60803,
  inspectRequest: 60804,
  inspectResponse: 60805,

  postureResponse: 10800,

  challenge: 61100,
  circuitCredit: 61101,
  routeCircuit: 61110,
  routeCircuitResult: 61111,

  subscribe: 61201,
  snapshot: 61202,
  delta: 61203,
  closeCircuit: 61204,
  routerStatus: 61210,
  routerTerminators: 61211,
  routerCircuits: 61212,
  circuitEvent: 61213,
  hostState: 61220,
  hostRevocation: 61221,
  renewCertificate: 61230,
  certificateRequest: 61231,
  certificateIssued: 61232,
  inspect: 61240,
  inspected: 61241,
} as const;
export type ContentType = (typeof ContentType)[keyof typeof ContentType];

export const HeaderKey = {
  connectionId: 0,
  replyFor: 1,
  success: 2,
  version: 4,
  underlayType: 7,
  id: 8,
  grouped: 9,
  groupSecret: 10,
  firstInGroup: 11,
  rejectClass: 13,
  /** Trace id (16 bytes) or, in Latency and its answer, an opaque u64. */
  uuid: 128,

  /** u32: the label of a circuit or binding on one connection. */
  connId: 1000,
  /** u32: a circuit's message number per direction, from 1. */
  sequence: 1001,
  sessionToken: 1002,
  publicKey: 1003,
  cost: 1004,
  precedence: 1005,
  terminatorIdentity: 1006,
  terminatorSecret: 1007,
  callerId: 1008,
  cryptoMethod: 1009,
  flags: 1010,
  appData: 1011,
  routerProvidedConnId: 1012,
  healthStatus: 1013,
  errorCode: 1014,
  /** Traceroute: u64 stamp that comes back, u32 hops left, kind and id of who answers, u32 dialer's sequence. */
  traceStamp: 1015,
  traceHops: 1016,
  traceHopType: 1017,
  traceHopId: 1018,
  traceSource: 1019,
  listenerId: 1021,
  connType: 1022,
  supportsInspect: 1023,
  supportsBindSuccess: 1024,
  connectionMarker: 1025,
  circuitId: 1026,
  stickinessToken: 1027,
  useXgressToSdk: 1028,
  inspectValues: 1031,
  supportsPostureChecks: 1032,
  structuredError: 1033,
  dialerIdentityId: 1034,
  dialerIdentityName: 1035,

  creditBytes: 3101,
  creditSequence: 3102,
  proof: 3110,
  proofTime: 3111,
  proofKey: 3112,
  /** Identity id: the only host that a dial may reach. */
  hostId: 3113,
  /** String list: groups of links that a router is in. */
  linkGroups: 3114,
  /** Bool: the ends of the circuit go on over another one when it is closed with ERR_CIRCUIT_MOVED. */
  movable: 3115,
  /** String: a connector's Bind for circuits that are encrypted as OpenZiti does, `ziti`. */
  encryption: 3116,
  /** U16: what a link costs whoever its sender is asked, beside its latency. */
  linkCost: 3117,
  /** String: W3C `traceparent` of the request that a circuit is dialed for. */
  traceParent: 3130,
  partNumber: 3120,
  partCount: 3121,
} as const;

/** Bits of header `flags`. */
export const DataFlag = { fin: 1 } as const;

/** Values of header `precedence` (one byte). */
export const Precedence = { default: 0, required: 1, failed: 2 } as const;
export type PrecedenceName = keyof typeof Precedence;
