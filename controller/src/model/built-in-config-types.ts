/**
 * The config types that OpenZiti's tunnelers and routers know, under their fixed ids, and one of our own:
 * where `postern expose` may make host names. Their schemas say what configs of these types mean to clients.
 */

type Schema = Readonly<Record<string, unknown>>;

export interface BuiltInConfigType {
  readonly id: string;
  readonly name: string;
  readonly target: 'service' | 'router' | null;
  readonly schema: Schema;
}

const DRAFT = 'http://json-schema.org/draft-07/schema#';

const object = (
  properties: Schema,
  required: readonly string[] = [],
  rest: Schema = {},
): Schema => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
  ...rest,
});
const array = (items: Schema, rest: Schema = {}): Schema => ({ type: 'array', items, ...rest });
const text = (maxLength: number): Schema => ({ type: 'string', minLength: 1, maxLength });
const whole = (minimum: number, maximum = 2_147_483_647): Schema => ({
  type: 'integer',
  minimum,
  maximum,
});

const port = whole(0, 65_535);
const portRange = object({ low: port, high: port }, ['low', 'high']);
const protocol = { type: 'string', enum: ['tcp', 'udp'] };
/** Host name, address, `*.domain` or CIDR: told apart by who resolves them. */
const address = text(255);
const duration = { type: 'string', pattern: '^[0-9]+(h|m|s|ms)$' };
const inhabited = { minItems: 1, uniqueItems: true };

const checkActions = array(
  object(
    {
      trigger: { type: 'string', enum: ['fail', 'pass', 'change'] },
      consecutiveEvents: whole(1),
      duration,
      action: {
        type: 'string',
        pattern: '^(mark (un)?healthy|(increase|decrease) cost [0-9]+|send event)$',
      },
    },
    ['trigger', 'action'],
  ),
  { minItems: 1, maxItems: 20 },
);
const portChecks = array(
  object({ address: text(255), interval: duration, timeout: duration, actions: checkActions }, [
    'address',
    'interval',
    'timeout',
  ]),
);
const httpChecks = array(
  object(
    {
      url: text(2048),
      method: { type: 'string', enum: ['GET', 'PUT', 'POST', 'PATCH'] },
      body: { type: 'string' },
      interval: duration,
      timeout: duration,
      expectStatus: whole(100, 599),
      expectInBody: { type: 'string' },
      actions: checkActions,
    },
    ['url', 'interval', 'timeout'],
  ),
);

/** Either `member` is given, or `forward` is true and says what may be forwarded. */
const givenOrForwarded = (member: string, forward: string, allowed: string): Schema => ({
  if: { properties: { [forward]: { const: true } }, required: [forward] },
  then: { required: [allowed] },
  else: { required: [member] },
});

const hosting = object(
  {
    protocol,
    forwardProtocol: { type: 'boolean' },
    allowedProtocols: array(protocol, inhabited),
    address,
    forwardAddress: { type: 'boolean' },
    allowedAddresses: array(address, inhabited),
    port,
    forwardPort: { type: 'boolean' },
    allowedPortRanges: array(portRange, inhabited),
    forwardAddressTranslations: array(
      object({ from: address, to: address, prefixLength: whole(0, 128) }, [
        'from',
        'to',
        'prefixLength',
      ]),
    ),
    allowedSourceAddresses: array(address, inhabited),
    listenOptions: object({
      connectTimeout: duration,
      connectTimeoutSeconds: whole(0),
      maxConnections: whole(1),
      identity: text(255),
      bindUsingEdgeIdentity: { type: 'boolean' },
      cost: whole(0, 65_535),
      precedence: { type: 'string', enum: ['default', 'required', 'failed'] },
    }),
    proxy: object({ type: { type: 'string', enum: ['http'] }, address: text(255) }, [
      'type',
      'address',
    ]),
    portChecks,
    httpChecks,
  },
  [],
  {
    allOf: [
      givenOrForwarded('protocol', 'forwardProtocol', 'allowedProtocols'),
      givenOrForwarded('address', 'forwardAddress', 'allowedAddresses'),
      givenOrForwarded('port', 'forwardPort', 'allowedPortRanges'),
    ],
  },
);

const tunnelerEndpoint = { hostname: text(255), port };

export const builtInConfigTypes: readonly BuiltInConfigType[] = [
  {
    id: 'g7cIWbcGg',
    name: 'intercept.v1',
    target: 'service',
    schema: {
      $schema: DRAFT,
      ...object(
        {
          protocols: array(protocol, inhabited),
          addresses: array(address, inhabited),
          portRanges: array(portRange, inhabited),
          dialOptions: object({ identity: text(255), connectTimeoutSeconds: whole(0) }),
          sourceIp: text(255),
          allowedSourceAddresses: array(address, inhabited),
        },
        ['protocols', 'addresses', 'portRanges'],
      ),
    },
  },
  { id: 'NH5p4FpGR', name: 'host.v1', target: 'service', schema: { $schema: DRAFT, ...hosting } },
  {
    id: 'host.v2',
    name: 'host.v2',
    target: 'service',
    schema: {
      $schema: DRAFT,
      ...object({ terminators: array(hosting, { minItems: 1 }) }, ['terminators']),
    },
  },
  {
    id: 'f2dd2df0-9c04-4b84-a91e-71437ac229f1',
    name: 'ziti-tunneler-client.v1',
    target: 'service',
    schema: { $schema: DRAFT, ...object(tunnelerEndpoint, ['hostname', 'port']) },
  },
  {
    id: 'cea49285-6c07-42cf-9f52-09a9b115c783',
    name: 'ziti-tunneler-server.v1',
    target: 'service',
    schema: {
      $schema: DRAFT,
      ...object({ ...tunnelerEndpoint, protocol, portChecks, httpChecks }, ['hostname', 'port']),
    },
  },
  {
    id: 'interfaces.v1',
    name: 'interfaces.v1',
    target: 'router',
    schema: {
      $schema: DRAFT,
      ...object({
        interfaces: array(object({ name: text(255) }, ['name'], { additionalProperties: true })),
      }),
    },
  },
  {
    id: 'proxy.v1',
    name: 'proxy.v1',
    target: 'service',
    schema: {
      $schema: DRAFT,
      ...object({ port, protocols: array(protocol, inhabited), binding: text(255) }, [
        'port',
        'protocols',
      ]),
    },
  },
  {
    id: 'router.link.v1',
    name: 'router.link.v1',
    target: 'router',
    schema: {
      $schema: DRAFT,
      ...object({
        listeners: array({ type: 'object' }, { maxItems: 100 }),
        dialers: array({ type: 'object' }, { maxItems: 100 }),
      }),
    },
  },
  {
    id: 'postern.sharing.v1',
    name: 'postern.sharing.v1',
    target: null,
    schema: {
      $schema: DRAFT,
      ...object({ origin: { ...text(300), pattern: '^https?://\\*\\.[^/*?#]+$' } }, ['origin']),
    },
  },
];

/** Whether a config type is one of those, which stay as they are. */
export function isBuiltInConfigType(id: string): boolean {
  return builtInConfigTypes.some((type) => type.id === id);
}
