// Made by generate-types.mjs.
export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        AccessProposal: {
            policyId: string | null;
            policyName: string;
            identityRoles: string[];
            serviceRoles: string[];
            postureCheckRoles: string[];
            routersInCommon: number;
            digest: string;
        };
        AccessRequestAccept: {
            digest: string;
            /** @default  */
            answer: string;
        };
        AccessRequestDecline: {
            /** @default  */
            answer: string;
        };
        AccessRequestDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            identityId: string;
            applicationId: string;
            message: string;
            /** @enum {string} */
            state: "open" | "accepted" | "declined";
            answer: string;
            decidedAt: string | null;
            decidedById: string | null;
            policyId: string | null;
            identity: components["schemas"]["EntityReference"];
            application: components["schemas"]["EntityReference"];
            service: components["schemas"]["EntityReference"];
            proposal: components["schemas"]["AccessProposal"] | null;
            _links: components["schemas"]["Links"];
        };
        ApiError: {
            error: {
                code: string;
                message: string;
                /** Format: uuid */
                requestId: string;
                cause?: {
                    field: string;
                    reason: string;
                    value: unknown;
                } | ({
                    code: string;
                    message: string;
                } & {
                    [key: string]: unknown;
                });
            };
            meta: {
                apiVersion: string;
                apiEnrollmentVersion: string;
            };
        };
        ApiSessionDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            kind: string;
            identityId: string;
            authenticatorId: string;
            mfaPassedAt: string | null;
            ipAddress: string;
            configTypes: string[];
            /** Format: date-time */
            lastActivityAt: string;
            /** Format: date-time */
            expiresAt: string;
            _links: components["schemas"]["Links"];
        } & {
            [key: string]: unknown;
        };
        ApplicationCreate: {
            name: string;
            /** Format: uri */
            origin: string;
            serviceId: string;
            /**
             * @default [
             *       "ext-jwt"
             *     ]
             */
            loginMethods: ("ext-jwt" | "password" | "passkey")[];
            /** @default [] */
            signerIds: string[];
            /** @default 12 */
            sessionHours: number;
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        ApplicationDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            name: string;
            origin: string;
            serviceId: string;
            loginMethods: string[];
            signerIds: string[];
            sessionHours: number;
            _links: components["schemas"]["Links"];
        } & {
            [key: string]: unknown;
        };
        ApplicationPatch: {
            name?: string;
            /** Format: uri */
            origin?: string;
            serviceId?: string;
            /**
             * @default [
             *       "ext-jwt"
             *     ]
             */
            loginMethods: ("ext-jwt" | "password" | "passkey")[];
            /** @default [] */
            signerIds: string[];
            /** @default 12 */
            sessionHours: number;
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        ApplicationUpdate: {
            name: string;
            /** Format: uri */
            origin: string;
            serviceId: string;
            /**
             * @default [
             *       "ext-jwt"
             *     ]
             */
            loginMethods: ("ext-jwt" | "password" | "passkey")[];
            /** @default [] */
            signerIds: string[];
            /** @default 12 */
            sessionHours: number;
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        AuditDetail: {
            id: string;
            seq: number;
            /** Format: date-time */
            createdAt: string;
            actorKind: string;
            actorId: string;
            sessionId: string;
            address: string;
            action: string;
            outcome: string;
            reason: string;
            entityKind: string;
            entityId: string;
            details: {
                [key: string]: unknown;
            };
            previousHash: string;
            hash: string;
            _links: components["schemas"]["Links"];
        };
        AuthPolicyCreate: {
            name: string;
            primary: {
                cert: {
                    allowed: boolean;
                    allowExpiredCerts: boolean;
                };
                updb: {
                    allowed: boolean;
                    minPasswordLength: number;
                    requireMixedCase: boolean;
                    requireNumberChar: boolean;
                    requireSpecialChar: boolean;
                    maxAttempts: number;
                    lockoutDurationMinutes: number;
                };
                extJwt: {
                    allowed: boolean;
                    /** @default [] */
                    allowedSigners: string[];
                };
                /**
                 * @default {
                 *       "allowed": true
                 *     }
                 */
                passkey: {
                    allowed: boolean;
                };
            };
            secondary: {
                requireTotp: boolean;
                /** @default null */
                requireExtJwtSigner: string | null;
                /** @default true */
                acceptPasskey: boolean;
            };
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        AuthPolicyDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            name: string;
            primary: {
                [key: string]: unknown;
            };
            secondary: {
                [key: string]: unknown;
            };
            _links: components["schemas"]["Links"];
        };
        AuthPolicyPatch: {
            name?: string;
            primary?: {
                cert: {
                    allowed: boolean;
                    allowExpiredCerts: boolean;
                };
                updb: {
                    allowed: boolean;
                    minPasswordLength: number;
                    requireMixedCase: boolean;
                    requireNumberChar: boolean;
                    requireSpecialChar: boolean;
                    maxAttempts: number;
                    lockoutDurationMinutes: number;
                };
                extJwt: {
                    allowed: boolean;
                    /** @default [] */
                    allowedSigners: string[];
                };
                /**
                 * @default {
                 *       "allowed": true
                 *     }
                 */
                passkey: {
                    allowed: boolean;
                };
            };
            secondary?: {
                requireTotp: boolean;
                /** @default null */
                requireExtJwtSigner: string | null;
                /** @default true */
                acceptPasskey: boolean;
            };
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        AuthPolicyUpdate: {
            name: string;
            primary: {
                cert: {
                    allowed: boolean;
                    allowExpiredCerts: boolean;
                };
                updb: {
                    allowed: boolean;
                    minPasswordLength: number;
                    requireMixedCase: boolean;
                    requireNumberChar: boolean;
                    requireSpecialChar: boolean;
                    maxAttempts: number;
                    lockoutDurationMinutes: number;
                };
                extJwt: {
                    allowed: boolean;
                    /** @default [] */
                    allowedSigners: string[];
                };
                /**
                 * @default {
                 *       "allowed": true
                 *     }
                 */
                passkey: {
                    allowed: boolean;
                };
            };
            secondary: {
                requireTotp: boolean;
                /** @default null */
                requireExtJwtSigner: string | null;
                /** @default true */
                acceptPasskey: boolean;
            };
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        AuthenticatorCreate: {
            /** @enum {string} */
            method: "updb" | "cert";
            identityId: string;
            username?: string;
            password?: string;
            certPem?: string;
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        AuthenticatorDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            method: string;
            identityId: string;
            username: string;
            failedAttempts: number;
            certPem: string;
            fingerprint: string;
            isIssuedByNetwork: boolean;
            isExtendRequested: boolean;
            isKeyRollRequested: boolean;
            extendRequestedAt: string | null;
            unverifiedCertPem: string | null;
            unverifiedFingerprint: string | null;
            identity: components["schemas"]["EntityReference"];
            lastAuthResolvedToRoot: boolean;
            _links: components["schemas"]["Links"];
        };
        AuthenticatorPatch: {
            username?: string;
            password?: string;
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        AuthenticatorUpdate: {
            username: string;
            password?: string;
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        BrandingCreate: {
            name: string;
            /** @default  */
            applicationId: string;
            /** @default  */
            displayName: string;
            /** @default {} */
            logo: Record<string, never> | {
                /** @enum {string} */
                mediaType: "image/png" | "image/svg+xml";
                /** Format: base64 */
                data: string;
            };
            /** @default {} */
            light: {
                accent?: string;
                onAccent?: string;
                background?: string;
                surface?: string;
                text?: string;
                muted?: string;
            };
            /** @default {} */
            dark: {
                accent?: string;
                onAccent?: string;
                background?: string;
                surface?: string;
                text?: string;
                muted?: string;
            };
            /** @default  */
            helpUrl: "" | string;
            /** @default  */
            supportText: string;
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        BrandingDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            name: string;
            applicationId: string;
            displayName: string;
            logo: unknown;
            logoSha256: string;
            light: components["schemas"]["Tags"];
            dark: components["schemas"]["Tags"];
            helpUrl: string;
            supportText: string;
            _links: components["schemas"]["Links"];
        } & {
            [key: string]: unknown;
        };
        BrandingPatch: {
            name?: string;
            /** @default  */
            applicationId: string;
            /** @default  */
            displayName: string;
            /** @default {} */
            logo: Record<string, never> | {
                /** @enum {string} */
                mediaType: "image/png" | "image/svg+xml";
                /** Format: base64 */
                data: string;
            };
            /** @default {} */
            light: {
                accent?: string;
                onAccent?: string;
                background?: string;
                surface?: string;
                text?: string;
                muted?: string;
            };
            /** @default {} */
            dark: {
                accent?: string;
                onAccent?: string;
                background?: string;
                surface?: string;
                text?: string;
                muted?: string;
            };
            /** @default  */
            helpUrl: "" | string;
            /** @default  */
            supportText: string;
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        BrandingUpdate: {
            name: string;
            /** @default  */
            applicationId: string;
            /** @default  */
            displayName: string;
            /** @default {} */
            logo: Record<string, never> | {
                /** @enum {string} */
                mediaType: "image/png" | "image/svg+xml";
                /** Format: base64 */
                data: string;
            };
            /** @default {} */
            light: {
                accent?: string;
                onAccent?: string;
                background?: string;
                surface?: string;
                text?: string;
                muted?: string;
            };
            /** @default {} */
            dark: {
                accent?: string;
                onAccent?: string;
                background?: string;
                surface?: string;
                text?: string;
                muted?: string;
            };
            /** @default  */
            helpUrl: "" | string;
            /** @default  */
            supportText: string;
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        CaCreate: {
            name: string;
            isAutoCaEnrollmentEnabled: boolean;
            isOttCaEnrollmentEnabled: boolean;
            isAuthEnabled: boolean;
            /** @default [] */
            identityRoles: string[];
            /** @default  */
            identityNameFormat: string;
            externalIdClaim?: Record<string, never> | {
                /** @enum {string} */
                location: "COMMON_NAME" | "SAN_URI" | "SAN_EMAIL";
                /**
                 * @default ALL
                 * @enum {string}
                 */
                matcher: "ALL" | "PREFIX" | "SUFFIX" | "SCHEME";
                /** @default  */
                matcherCriteria: string;
                /**
                 * @default NONE
                 * @enum {string}
                 */
                parser: "NONE" | "SPLIT";
                /** @default  */
                parserCriteria: string;
                /** @default 0 */
                index: number;
            };
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
            certPem: string;
        };
        CaDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            name: string;
            certPem: string;
            fingerprint: string;
            isVerified: boolean;
            verificationToken: string;
            isAutoCaEnrollmentEnabled: boolean;
            isOttCaEnrollmentEnabled: boolean;
            isAuthEnabled: boolean;
            identityRoles: string[];
            identityNameFormat: string;
            externalIdClaim: {
                [key: string]: unknown;
            } | null;
            _links: components["schemas"]["Links"];
        };
        CaPatch: {
            name?: string;
            isAutoCaEnrollmentEnabled?: boolean;
            isOttCaEnrollmentEnabled?: boolean;
            isAuthEnabled?: boolean;
            /** @default [] */
            identityRoles: string[];
            /** @default  */
            identityNameFormat: string;
            externalIdClaim?: Record<string, never> | {
                /** @enum {string} */
                location: "COMMON_NAME" | "SAN_URI" | "SAN_EMAIL";
                /**
                 * @default ALL
                 * @enum {string}
                 */
                matcher: "ALL" | "PREFIX" | "SUFFIX" | "SCHEME";
                /** @default  */
                matcherCriteria: string;
                /**
                 * @default NONE
                 * @enum {string}
                 */
                parser: "NONE" | "SPLIT";
                /** @default  */
                parserCriteria: string;
                /** @default 0 */
                index: number;
            };
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        CaUpdate: {
            name: string;
            isAutoCaEnrollmentEnabled: boolean;
            isOttCaEnrollmentEnabled: boolean;
            isAuthEnabled: boolean;
            /** @default [] */
            identityRoles: string[];
            /** @default  */
            identityNameFormat: string;
            externalIdClaim?: Record<string, never> | {
                /** @enum {string} */
                location: "COMMON_NAME" | "SAN_URI" | "SAN_EMAIL";
                /**
                 * @default ALL
                 * @enum {string}
                 */
                matcher: "ALL" | "PREFIX" | "SUFFIX" | "SCHEME";
                /** @default  */
                matcherCriteria: string;
                /**
                 * @default NONE
                 * @enum {string}
                 */
                parser: "NONE" | "SPLIT";
                /** @default  */
                parserCriteria: string;
                /** @default 0 */
                index: number;
            };
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        ConfigCreate: {
            name: string;
            configTypeId: string;
            data: {
                [key: string]: unknown;
            };
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        ConfigDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            name: string;
            configTypeId: string;
            data: {
                [key: string]: unknown;
            };
            configType: components["schemas"]["EntityReference"];
            _links: components["schemas"]["Links"];
        };
        ConfigPatch: {
            name?: string;
            configTypeId?: string;
            data?: {
                [key: string]: unknown;
            };
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        ConfigTypeCreate: {
            name: string;
            /** @default {} */
            schema: {
                [key: string]: unknown;
            };
            /** @default null */
            target: ("service" | "router") | null;
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        ConfigTypeDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            name: string;
            schema: {
                [key: string]: unknown;
            };
            target: string | null;
            _links: components["schemas"]["Links"];
        };
        ConfigTypePatch: {
            name?: string;
            /** @default {} */
            schema: {
                [key: string]: unknown;
            };
            /** @default null */
            target: ("service" | "router") | null;
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        ConfigTypeUpdate: {
            name: string;
            /** @default {} */
            schema: {
                [key: string]: unknown;
            };
            /** @default null */
            target: ("service" | "router") | null;
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        ConfigUpdate: {
            name: string;
            configTypeId: string;
            data: {
                [key: string]: unknown;
            };
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        ControllerDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            name: string;
            ctrlAddress: string;
            apiAddresses: {
                [key: string]: {
                    url: string;
                    version: string;
                }[];
            };
            certPem: string;
            fingerprint: string;
            /** Format: date-time */
            lastJoinedAt: string;
            /** Format: date-time */
            seenAt: string;
            isOnline: boolean;
            isPreferredLeader: boolean;
            _links: components["schemas"]["Links"];
        };
        Created: {
            data: {
                id: string;
                _links: components["schemas"]["Links"];
            };
            meta: Record<string, never>;
        };
        CurrentApiSession: {
            id: string;
            token: string;
            identityId: string;
            identity: components["schemas"]["EntityReference"];
            authQueries: ({
                /** @enum {string} */
                typeId: "MFA" | "EXT-JWT";
            } & {
                [key: string]: unknown;
            })[];
            isMfaRequired: boolean;
            isMfaComplete: boolean;
            /** Format: date-time */
            expiresAt: string;
            expirationSeconds: number;
        } & {
            [key: string]: unknown;
        };
        CurrentApiSessionCertificate: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            subject: string;
            fingerprint: string;
            /** Format: date-time */
            validFrom: string;
            /** Format: date-time */
            validTo: string;
            certificate: string;
            _links: components["schemas"]["Links"];
        };
        CurrentMfa: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            identityId: string;
            isVerified: boolean;
            provisioningUrl?: string;
            recoveryCodes?: string[];
            _links: components["schemas"]["Links"];
        };
        DataIntegrityCheckResults: {
            inProgress: boolean;
            fixingErrors: boolean;
            tooManyErrors: boolean;
            startTime: string | null;
            endTime: string | null;
            error: string | null;
            results: {
                description: string;
                fixed: boolean;
            }[];
        };
        Done: {
            data: Record<string, never>;
            meta: Record<string, never>;
        };
        EdgeRouterCreate: {
            name: string;
            /** @default 0 */
            cost: number;
            /** @default false */
            noTraversal: boolean;
            /** @default false */
            disabled: boolean;
            /** @default false */
            isTunnelerEnabled: boolean;
            /** @default [] */
            roleAttributes: string[];
            /** @default {} */
            appData: {
                [key: string]: string | number | boolean | null;
            };
            /** @default [] */
            configs: string[];
            /** @default {} */
            ctrlChanListeners: {
                [key: string]: string[];
            };
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        EdgeRouterDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            name: string;
            cost: number;
            noTraversal: boolean;
            disabled: boolean;
            isTunnelerEnabled: boolean;
            roleAttributes: string[];
            appData: components["schemas"]["Tags"];
            configs: string[];
            ctrlChanListeners: {
                [key: string]: string[];
            };
            isTransit: boolean;
            isVerified: boolean;
            fingerprint: string | null;
            certPem: string | null;
            unverifiedCertPem: string | null;
            unverifiedFingerprint: string | null;
            isOnline: boolean;
            hostname: string;
            edgeUrls: string[];
            fabricAddresses: string[];
            links: unknown;
            enrollmentToken: string | null;
            enrollmentJwt: string | null;
            enrollmentCreatedAt: string | null;
            enrollmentExpiresAt: string | null;
            supportedProtocols: {
                [key: string]: string;
            };
            /** @enum {string} */
            syncStatus: "SYNC_DONE" | "SYNC_DISCONNECTED";
            versionInfo: null;
            interfaces: ({
                name: string;
            } & {
                [key: string]: unknown;
            })[];
            _links: components["schemas"]["Links"];
        };
        EdgeRouterInfo: {
            id: string;
            name: string;
            hostname: string;
            isOnline: boolean;
            disabled: boolean;
            noTraversal: boolean;
            cost: number;
            syncStatus: string;
            appData: components["schemas"]["Tags"];
            supportedProtocols: {
                [key: string]: string;
            };
            urls: {
                [key: string]: string;
            };
        };
        EdgeRouterPatch: {
            name?: string;
            /** @default 0 */
            cost: number;
            /** @default false */
            noTraversal: boolean;
            /** @default false */
            disabled: boolean;
            /** @default false */
            isTunnelerEnabled: boolean;
            /** @default [] */
            roleAttributes: string[];
            /** @default {} */
            appData: {
                [key: string]: string | number | boolean | null;
            };
            /** @default [] */
            configs: string[];
            /** @default {} */
            ctrlChanListeners: {
                [key: string]: string[];
            };
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        EdgeRouterPolicyCreate: {
            name: string;
            /**
             * @default AllOf
             * @enum {string}
             */
            semantic: "AllOf" | "AnyOf";
            /** @default [] */
            identityRoles: string[];
            /** @default [] */
            edgeRouterRoles: string[];
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        EdgeRouterPolicyDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            name: string;
            semantic: string;
            identityRoles: string[];
            edgeRouterRoles: string[];
            isSystem: boolean;
            identityRolesDisplay: {
                role: string;
                name: string;
            }[];
            edgeRouterRolesDisplay: {
                role: string;
                name: string;
            }[];
            _links: components["schemas"]["Links"];
        };
        EdgeRouterPolicyPatch: {
            name?: string;
            /** @enum {string} */
            semantic?: "AllOf" | "AnyOf";
            /** @default [] */
            identityRoles: string[];
            /** @default [] */
            edgeRouterRoles: string[];
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        EdgeRouterPolicyUpdate: {
            name: string;
            /** @enum {string} */
            semantic: "AllOf" | "AnyOf";
            /** @default [] */
            identityRoles: string[];
            /** @default [] */
            edgeRouterRoles: string[];
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        EdgeRouterUpdate: {
            name: string;
            /** @default 0 */
            cost: number;
            /** @default false */
            noTraversal: boolean;
            /** @default false */
            disabled: boolean;
            /** @default false */
            isTunnelerEnabled: boolean;
            /** @default [] */
            roleAttributes: string[];
            /** @default {} */
            appData: {
                [key: string]: string | number | boolean | null;
            };
            /** @default [] */
            configs: string[];
            /** @default {} */
            ctrlChanListeners: {
                [key: string]: string[];
            };
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        EnrollmentCreate: {
            /** @enum {string} */
            method: "ott" | "ottca" | "updb";
            identityId: string;
            /** Format: date-time */
            expiresAt: string;
            caId?: string;
            username?: string;
        };
        EnrollmentDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            method: string;
            identityId: string | null;
            edgeRouterId: string | null;
            caId: string | null;
            username: string | null;
            /** Format: date-time */
            expiresAt: string;
            _links: components["schemas"]["Links"];
        } & {
            [key: string]: unknown;
        };
        EnrollmentRefresh: {
            /** Format: date-time */
            expiresAt: string;
        };
        EntityReference: {
            id: string;
            name: string;
            entity: string;
            _links: components["schemas"]["Links"];
        };
        ExtendAllCertAuthenticatorsRequest: {
            /** @default false */
            rollKeys: boolean;
        };
        ExternalJwtSignerCreate: {
            name: string;
            issuer: string;
            audience: string;
            enabled: boolean;
            /** @default null */
            certPem: string | null;
            /** @default null */
            jwksEndpoint: ("" | string) | null;
            /** @default  */
            kid: string;
            /** @default  */
            claimsProperty: string;
            /** @default false */
            useExternalId: boolean;
            /** @default null */
            externalAuthUrl: string | null;
            /** @default  */
            clientId: string;
            /** @default [] */
            scopes: string[];
            targetToken?: ("ACCESS" | "ID") | "";
            /** @default false */
            enrollToCertEnabled: boolean;
            /** @default false */
            enrollToTokenEnabled: boolean;
            /** @default  */
            enrollNameClaimsSelector: string;
            /** @default  */
            enrollAttributeClaimsSelector: string;
            /** @default  */
            enrollAuthPolicyId: string;
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        ExternalJwtSignerDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            name: string;
            issuer: string;
            audience: string;
            enabled: boolean;
            certPem: string | null;
            jwksEndpoint: string | null;
            kid: string;
            claimsProperty: string;
            useExternalId: boolean;
            externalAuthUrl: string | null;
            clientId: string;
            scopes: string[];
            targetToken: string;
            enrollToCertEnabled: boolean;
            enrollToTokenEnabled: boolean;
            enrollNameClaimsSelector: string;
            enrollAttributeClaimsSelector: string;
            enrollAuthPolicyId: string;
            fingerprint: string | null;
            commonName: string;
            notBefore: string | null;
            notAfter: string | null;
            _links: components["schemas"]["Links"];
        } & {
            [key: string]: unknown;
        };
        ExternalJwtSignerPatch: {
            name?: string;
            issuer?: string;
            audience?: string;
            enabled?: boolean;
            /** @default null */
            certPem: string | null;
            /** @default null */
            jwksEndpoint: ("" | string) | null;
            /** @default  */
            kid: string;
            /** @default  */
            claimsProperty: string;
            /** @default false */
            useExternalId: boolean;
            /** @default null */
            externalAuthUrl: string | null;
            /** @default  */
            clientId: string;
            /** @default [] */
            scopes: string[];
            targetToken?: ("ACCESS" | "ID") | "";
            /** @default false */
            enrollToCertEnabled: boolean;
            /** @default false */
            enrollToTokenEnabled: boolean;
            /** @default  */
            enrollNameClaimsSelector: string;
            /** @default  */
            enrollAttributeClaimsSelector: string;
            /** @default  */
            enrollAuthPolicyId: string;
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        ExternalJwtSignerUpdate: {
            name: string;
            issuer: string;
            audience: string;
            enabled: boolean;
            /** @default null */
            certPem: string | null;
            /** @default null */
            jwksEndpoint: ("" | string) | null;
            /** @default  */
            kid: string;
            /** @default  */
            claimsProperty: string;
            /** @default false */
            useExternalId: boolean;
            /** @default null */
            externalAuthUrl: string | null;
            /** @default  */
            clientId: string;
            /** @default [] */
            scopes: string[];
            targetToken?: ("ACCESS" | "ID") | "";
            /** @default false */
            enrollToCertEnabled: boolean;
            /** @default false */
            enrollToTokenEnabled: boolean;
            /** @default  */
            enrollNameClaimsSelector: string;
            /** @default  */
            enrollAttributeClaimsSelector: string;
            /** @default  */
            enrollAuthPolicyId: string;
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        FailedServiceRequest: {
            /** Format: date-time */
            when: string;
            apiSessionId: string;
            serviceId: string;
            serviceName: string;
            /** @enum {string} */
            sessionType: "Dial" | "Bind";
            policyFailures: {
                policyId: string;
                policyName: string;
                checks: {
                    postureCheckId: string;
                    postureCheckName: string;
                    postureCheckType: string;
                    actualValue?: unknown;
                    expectedValue?: unknown;
                }[];
            }[];
        };
        IdentityCreate: {
            name: string;
            /** @enum {string} */
            type: "User" | "Device" | "Service" | "Router" | "Default";
            isAdmin: boolean;
            /** @default  */
            authPolicyId: string;
            /** @default null */
            externalId: string | null;
            /** @default [] */
            roleAttributes: string[];
            /** @default [] */
            permissions: string[];
            /** @default {} */
            appData: {
                [key: string]: string | number | boolean | null;
            };
            /** @default 0 */
            defaultHostingCost: number;
            defaultHostingPrecedence?: ("default" | "required" | "failed") | "";
            /** @default {} */
            serviceHostingCosts: {
                [key: string]: number;
            };
            /** @default {} */
            serviceHostingPrecedences: {
                [key: string]: "default" | "required" | "failed";
            };
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
            enrollment?: {
                ott?: boolean;
                ottca?: string;
                updb?: string;
            };
        };
        IdentityDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            name: string;
            typeId: string;
            isAdmin: boolean;
            isDefaultAdmin: boolean;
            authPolicyId: string;
            externalId: string | null;
            disabledAt: string | null;
            disabledUntil: string | null;
            roleAttributes: string[];
            permissions: string[];
            appData: components["schemas"]["Tags"];
            defaultHostingCost: number;
            defaultHostingPrecedence: string;
            serviceHostingCosts: components["schemas"]["Tags"];
            serviceHostingPrecedences: components["schemas"]["Tags"];
            envInfo: {
                [key: string]: string;
            };
            sdkInfo: {
                [key: string]: string;
            };
            type: components["schemas"]["EntityReference"];
            authPolicy: components["schemas"]["EntityReference"];
            disabled: boolean;
            isMfaEnabled: boolean;
            hasApiSession: boolean;
            hasEdgeRouterConnection: boolean;
            /** @enum {string} */
            edgeRouterConnectionStatus: "online" | "offline" | "unknown";
            authenticators: {
                cert?: {
                    id: string;
                    fingerprint: string;
                };
                updb?: {
                    id: string;
                    username: string;
                };
            };
            enrollment: {
                ott?: {
                    id: string;
                    token: string;
                    jwt: string;
                    /** Format: date-time */
                    expiresAt: string;
                };
                ottca?: {
                    id: string;
                    token: string;
                    jwt: string;
                    /** Format: date-time */
                    expiresAt: string;
                };
                updb?: {
                    id: string;
                    token: string;
                    jwt: string;
                    /** Format: date-time */
                    expiresAt: string;
                };
            };
            interfaces: ({
                name: string;
            } & {
                [key: string]: unknown;
            })[];
            _links: components["schemas"]["Links"];
        };
        IdentityDisable: {
            /** @default 0 */
            durationMinutes: number;
        };
        IdentityPatch: {
            name?: string;
            /** @enum {string} */
            type?: "User" | "Device" | "Service" | "Router" | "Default";
            isAdmin?: boolean;
            /** @default  */
            authPolicyId: string;
            /** @default null */
            externalId: string | null;
            /** @default [] */
            roleAttributes: string[];
            /** @default [] */
            permissions: string[];
            /** @default {} */
            appData: {
                [key: string]: string | number | boolean | null;
            };
            /** @default 0 */
            defaultHostingCost: number;
            defaultHostingPrecedence?: ("default" | "required" | "failed") | "";
            /** @default {} */
            serviceHostingCosts: {
                [key: string]: number;
            };
            /** @default {} */
            serviceHostingPrecedences: {
                [key: string]: "default" | "required" | "failed";
            };
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        IdentityTracingUpdate: {
            enabled: boolean;
            /** @default  */
            duration: string;
            /** @default  */
            traceId: string;
            /** @default [] */
            channels: string[];
        };
        IdentityUpdate: {
            name: string;
            /** @enum {string} */
            type: "User" | "Device" | "Service" | "Router" | "Default";
            isAdmin: boolean;
            /** @default  */
            authPolicyId: string;
            /** @default null */
            externalId: string | null;
            /** @default [] */
            roleAttributes: string[];
            /** @default [] */
            permissions: string[];
            /** @default {} */
            appData: {
                [key: string]: string | number | boolean | null;
            };
            /** @default 0 */
            defaultHostingCost: number;
            defaultHostingPrecedence?: ("default" | "required" | "failed") | "";
            /** @default {} */
            serviceHostingCosts: {
                [key: string]: number;
            };
            /** @default {} */
            serviceHostingPrecedences: {
                [key: string]: "default" | "required" | "failed";
            };
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        IdentitysServiceConfigsAssociate: {
            serviceId: string;
            configId: string;
        }[];
        IdentitysServiceConfigsDisassociate: {
            serviceId: string;
            configId: string;
        }[] | Record<string, never>;
        KeyRotation: {
            keys: ("token" | "grant" | "assertion" | "session" | "issuing-authority")[];
            /** @default false */
            isCompromised: boolean;
        };
        KeysRotate: components["schemas"]["KeyRotation"];
        Link: {
            href: string;
        };
        Links: {
            [key: string]: components["schemas"]["Link"];
        };
        ListMeta: {
            filterableFields: string[];
            pagination: components["schemas"]["Pagination"];
        };
        OpenApiDocument: {
            openapi: string;
            paths: {
                [key: string]: unknown;
            };
        } & {
            [key: string]: unknown;
        };
        Pagination: {
            limit: number;
            offset: number;
            totalCount: number;
        };
        PasskeyDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            identityId: string;
            name: string;
            credentialId: string;
            publicKey: string;
            counter: number;
            transports: string[];
            deviceType: string;
            isBackedUp: boolean;
            lastUsedAt: string | null;
            identity: components["schemas"]["EntityReference"];
            _links: components["schemas"]["Links"];
        };
        PoliciesSimulate: {
            changes: {
                /** @enum {string} */
                op: "create" | "update" | "delete";
                /** @enum {string} */
                type: "identities" | "services" | "edge-routers" | "service-policies" | "edge-router-policies" | "service-edge-router-policies" | "posture-checks";
                id?: string;
                /** @default {} */
                data: {
                    [key: string]: unknown;
                };
            }[];
            /**
             * @default ignored
             * @enum {string}
             */
            posture: "ignored" | "current";
            /** @default 0 */
            offset: number;
            /** @default 100 */
            limit: number;
        };
        PostureCheckCreate: {
            name: string;
            /** @enum {string} */
            typeId: "OS" | "DOMAIN" | "MAC" | "PROCESS" | "PROCESS_MULTI" | "MFA" | "BROWSER" | "PLATFORM" | "NETWORK" | "TIME" | "COUNTRY";
            /** @default [] */
            roleAttributes: string[];
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
            operatingSystems?: unknown;
            domains?: unknown;
            macAddresses?: unknown;
            process?: unknown;
            semantic?: unknown;
            processes?: unknown;
            timeoutSeconds?: unknown;
            promptOnWake?: unknown;
            promptOnUnlock?: unknown;
            ignoreLegacyEndpoints?: unknown;
            browsers?: unknown;
            platforms?: unknown;
            networks?: unknown;
            timeZone?: unknown;
            windows?: unknown;
            countries?: unknown;
        };
        PostureCheckDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            name: string;
            typeId: string;
            roleAttributes: string[];
            version: number;
            definition?: unknown;
            /** @enum {string} */
            assurance: "attested" | "declared";
            operatingSystems?: unknown;
            domains?: unknown;
            macAddresses?: unknown;
            process?: unknown;
            semantic?: unknown;
            processes?: unknown;
            timeoutSeconds?: unknown;
            promptOnWake?: unknown;
            promptOnUnlock?: unknown;
            ignoreLegacyEndpoints?: unknown;
            browsers?: unknown;
            platforms?: unknown;
            networks?: unknown;
            timeZone?: unknown;
            windows?: unknown;
            countries?: unknown;
            _links: components["schemas"]["Links"];
        };
        PostureCheckPatch: {
            name?: string;
            /** @enum {string} */
            typeId?: "OS" | "DOMAIN" | "MAC" | "PROCESS" | "PROCESS_MULTI" | "MFA" | "BROWSER" | "PLATFORM" | "NETWORK" | "TIME" | "COUNTRY";
            /** @default [] */
            roleAttributes: string[];
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
            operatingSystems?: unknown;
            domains?: unknown;
            macAddresses?: unknown;
            process?: unknown;
            semantic?: unknown;
            processes?: unknown;
            timeoutSeconds?: unknown;
            promptOnWake?: unknown;
            promptOnUnlock?: unknown;
            ignoreLegacyEndpoints?: unknown;
            browsers?: unknown;
            platforms?: unknown;
            networks?: unknown;
            timeZone?: unknown;
            windows?: unknown;
            countries?: unknown;
        };
        PostureCheckUpdate: {
            name: string;
            /** @enum {string} */
            typeId: "OS" | "DOMAIN" | "MAC" | "PROCESS" | "PROCESS_MULTI" | "MFA" | "BROWSER" | "PLATFORM" | "NETWORK" | "TIME" | "COUNTRY";
            /** @default [] */
            roleAttributes: string[];
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
            operatingSystems?: unknown;
            domains?: unknown;
            macAddresses?: unknown;
            process?: unknown;
            semantic?: unknown;
            processes?: unknown;
            timeoutSeconds?: unknown;
            promptOnWake?: unknown;
            promptOnUnlock?: unknown;
            ignoreLegacyEndpoints?: unknown;
            browsers?: unknown;
            platforms?: unknown;
            networks?: unknown;
            timeZone?: unknown;
            windows?: unknown;
            countries?: unknown;
        };
        RevocationCreate: {
            id: string;
            /** @enum {string} */
            type: "JTI" | "IDENTITY" | "API_SESSION";
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        RevocationDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            type: string;
            /** Format: date-time */
            expiresAt: string;
            _links: components["schemas"]["Links"];
        };
        RouterCreate: {
            name: string;
            /** @default 0 */
            cost: number;
            /** @default false */
            noTraversal: boolean;
            /** @default false */
            disabled: boolean;
            /** @default [] */
            configs: string[];
            /** @default {} */
            ctrlChanListeners: {
                [key: string]: string[];
            };
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        RouterDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            name: string;
            cost: number;
            noTraversal: boolean;
            disabled: boolean;
            isTunnelerEnabled: boolean;
            roleAttributes: string[];
            appData: components["schemas"]["Tags"];
            configs: string[];
            ctrlChanListeners: {
                [key: string]: string[];
            };
            isTransit: boolean;
            isVerified: boolean;
            fingerprint: string | null;
            certPem: string | null;
            unverifiedCertPem: string | null;
            unverifiedFingerprint: string | null;
            isOnline: boolean;
            hostname: string;
            edgeUrls: string[];
            fabricAddresses: string[];
            links: unknown;
            enrollmentToken: string | null;
            enrollmentJwt: string | null;
            enrollmentCreatedAt: string | null;
            enrollmentExpiresAt: string | null;
            supportedProtocols: {
                [key: string]: string;
            };
            /** @enum {string} */
            syncStatus: "SYNC_DONE" | "SYNC_DISCONNECTED";
            versionInfo: null;
            interfaces: ({
                name: string;
            } & {
                [key: string]: unknown;
            })[];
            _links: components["schemas"]["Links"];
        };
        RouterPatch: {
            name?: string;
            /** @default 0 */
            cost: number;
            /** @default false */
            noTraversal: boolean;
            /** @default false */
            disabled: boolean;
            /** @default [] */
            configs: string[];
            /** @default {} */
            ctrlChanListeners: {
                [key: string]: string[];
            };
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        RouterUpdate: {
            name: string;
            /** @default 0 */
            cost: number;
            /** @default false */
            noTraversal: boolean;
            /** @default false */
            disabled: boolean;
            /** @default [] */
            configs: string[];
            /** @default {} */
            ctrlChanListeners: {
                [key: string]: string[];
            };
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        ServiceConfigDetail: {
            serviceId: string;
            service: components["schemas"]["EntityReference"];
            configId: string;
            config: components["schemas"]["EntityReference"];
        };
        ServiceCreate: {
            name: string;
            encryptionRequired: boolean;
            /**
             * @description Whether `authenticated`, `ziti` or both may encrypt its circuits
             * @default [
             *       "authenticated"
             *     ]
             */
            acceptedEncryption: ("authenticated" | "ziti")[];
            /**
             * @default
             * @enum {string}
             */
            terminatorStrategy: "smartrouting" | "weighted" | "random" | "round-robin" | "sticky" | "";
            /** @default 0 */
            maxIdleTimeMillis: number;
            /** @default [] */
            roleAttributes: string[];
            /** @default [] */
            configs: string[];
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        ServiceDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            name: string;
            encryptionRequired: boolean;
            acceptedEncryption: string[];
            terminatorStrategy: string;
            maxIdleTimeMillis: number;
            roleAttributes: string[];
            configs: string[];
            permissions: ("Dial" | "Bind" | "Invalid")[];
            config: {
                [key: string]: {
                    [key: string]: unknown;
                };
            };
            postureQueries: {
                policyId: string;
                /** @enum {string} */
                policyType: "Dial" | "Bind";
                isPassing: boolean;
                postureQueries: {
                    id: string;
                    createdAt: string;
                    updatedAt: string;
                    queryType: string;
                    isPassing: boolean;
                    timeout: number;
                    timeoutRemaining: number;
                    timeoutAt: string | null;
                    promptOnWake?: boolean;
                    promptOnUnlock?: boolean;
                    process?: {
                        osType: string;
                        path: string;
                    };
                    processes?: {
                        osType: string;
                        path: string;
                    }[];
                }[];
            }[];
            _links: components["schemas"]["Links"];
        };
        ServiceEdgeRouterPolicyCreate: {
            name: string;
            /**
             * @default AllOf
             * @enum {string}
             */
            semantic: "AllOf" | "AnyOf";
            /** @default [] */
            serviceRoles: string[];
            /** @default [] */
            edgeRouterRoles: string[];
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        ServiceEdgeRouterPolicyDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            name: string;
            semantic: string;
            serviceRoles: string[];
            edgeRouterRoles: string[];
            serviceRolesDisplay: {
                role: string;
                name: string;
            }[];
            edgeRouterRolesDisplay: {
                role: string;
                name: string;
            }[];
            _links: components["schemas"]["Links"];
        };
        ServiceEdgeRouterPolicyPatch: {
            name?: string;
            /** @enum {string} */
            semantic?: "AllOf" | "AnyOf";
            /** @default [] */
            serviceRoles: string[];
            /** @default [] */
            edgeRouterRoles: string[];
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        ServiceEdgeRouterPolicyUpdate: {
            name: string;
            /** @enum {string} */
            semantic: "AllOf" | "AnyOf";
            /** @default [] */
            serviceRoles: string[];
            /** @default [] */
            edgeRouterRoles: string[];
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        ServicePatch: {
            name?: string;
            encryptionRequired?: boolean;
            /**
             * @description Whether `authenticated`, `ziti` or both may encrypt its circuits
             * @default [
             *       "authenticated"
             *     ]
             */
            acceptedEncryption: ("authenticated" | "ziti")[];
            /**
             * @default
             * @enum {string}
             */
            terminatorStrategy: "smartrouting" | "weighted" | "random" | "round-robin" | "sticky" | "";
            /** @default 0 */
            maxIdleTimeMillis: number;
            /** @default [] */
            roleAttributes: string[];
            /** @default [] */
            configs: string[];
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        ServicePolicyCreate: {
            name: string;
            /** @enum {string} */
            type: "Dial" | "Bind";
            /**
             * @default AllOf
             * @enum {string}
             */
            semantic: "AllOf" | "AnyOf";
            /** @default [] */
            identityRoles: string[];
            /** @default [] */
            serviceRoles: string[];
            /** @default [] */
            postureCheckRoles: string[];
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        ServicePolicyDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            name: string;
            type: string;
            semantic: string;
            identityRoles: string[];
            serviceRoles: string[];
            postureCheckRoles: string[];
            identityRolesDisplay: {
                role: string;
                name: string;
            }[];
            serviceRolesDisplay: {
                role: string;
                name: string;
            }[];
            postureCheckRolesDisplay: {
                role: string;
                name: string;
            }[];
            _links: components["schemas"]["Links"];
        };
        ServicePolicyPatch: {
            name?: string;
            /** @enum {string} */
            type?: "Dial" | "Bind";
            /** @enum {string} */
            semantic?: "AllOf" | "AnyOf";
            /** @default [] */
            identityRoles: string[];
            /** @default [] */
            serviceRoles: string[];
            /** @default [] */
            postureCheckRoles: string[];
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        ServicePolicyUpdate: {
            name: string;
            /** @enum {string} */
            type: "Dial" | "Bind";
            /** @enum {string} */
            semantic: "AllOf" | "AnyOf";
            /** @default [] */
            identityRoles: string[];
            /** @default [] */
            serviceRoles: string[];
            /** @default [] */
            postureCheckRoles: string[];
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        ServiceUpdate: {
            name: string;
            encryptionRequired: boolean;
            /**
             * @description Whether `authenticated`, `ziti` or both may encrypt its circuits
             * @default [
             *       "authenticated"
             *     ]
             */
            acceptedEncryption: ("authenticated" | "ziti")[];
            /**
             * @default
             * @enum {string}
             */
            terminatorStrategy: "smartrouting" | "weighted" | "random" | "round-robin" | "sticky" | "";
            /** @default 0 */
            maxIdleTimeMillis: number;
            /** @default [] */
            roleAttributes: string[];
            /** @default [] */
            configs: string[];
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        SessionDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            apiSessionId: string;
            identityId: string;
            serviceId: string;
            /** @enum {string} */
            type: "Dial" | "Bind";
            token: string;
            apiSession: components["schemas"]["EntityReference"];
            service: components["schemas"]["EntityReference"];
            edgeRouters: components["schemas"]["EdgeRouterInfo"][];
            servicePolicies: components["schemas"]["EntityReference"][];
            _links: components["schemas"]["Links"];
        };
        SpecDetail: {
            id: string;
            name: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            _links: components["schemas"]["Links"];
        };
        Tags: {
            [key: string]: string | number | boolean | null;
        };
        TerminatorCreate: {
            service: string;
            router: string;
            binding: string;
            address: string;
            /** @default 0 */
            cost: number;
            /**
             * @default default
             * @enum {string}
             */
            precedence: "default" | "required" | "failed";
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
            /** @default  */
            identity: string;
            /** @default null */
            identitySecret: string | null;
        };
        TerminatorDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            serviceId: string;
            routerId: string;
            hostId: string;
            binding: string;
            address: string;
            identity: string;
            cost: number;
            precedence: string;
            encryption: string;
            service: components["schemas"]["EntityReference"];
            router: components["schemas"]["EntityReference"];
            dynamicCost: number;
            _links: components["schemas"]["Links"];
        };
        TerminatorPatch: {
            service?: string;
            router?: string;
            binding?: string;
            address?: string;
            /** @default 0 */
            cost: number;
            /**
             * @default default
             * @enum {string}
             */
            precedence: "default" | "required" | "failed";
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        TerminatorUpdate: {
            service: string;
            router: string;
            binding: string;
            address: string;
            /** @default 0 */
            cost: number;
            /**
             * @default default
             * @enum {string}
             */
            precedence: "default" | "required" | "failed";
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        TransitRouterCreate: {
            name: string;
            /** @default 0 */
            cost: number;
            /** @default false */
            noTraversal: boolean;
            /** @default false */
            disabled: boolean;
            /** @default [] */
            configs: string[];
            /** @default {} */
            ctrlChanListeners: {
                [key: string]: string[];
            };
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        TransitRouterDetail: {
            id: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
            tags: components["schemas"]["Tags"];
            name: string;
            cost: number;
            noTraversal: boolean;
            disabled: boolean;
            isTunnelerEnabled: boolean;
            roleAttributes: string[];
            appData: components["schemas"]["Tags"];
            configs: string[];
            ctrlChanListeners: {
                [key: string]: string[];
            };
            isTransit: boolean;
            isVerified: boolean;
            fingerprint: string | null;
            certPem: string | null;
            unverifiedCertPem: string | null;
            unverifiedFingerprint: string | null;
            isOnline: boolean;
            hostname: string;
            edgeUrls: string[];
            fabricAddresses: string[];
            links: unknown;
            enrollmentToken: string | null;
            enrollmentJwt: string | null;
            enrollmentCreatedAt: string | null;
            enrollmentExpiresAt: string | null;
            supportedProtocols: {
                [key: string]: string;
            };
            /** @enum {string} */
            syncStatus: "SYNC_DONE" | "SYNC_DISCONNECTED";
            versionInfo: null;
            interfaces: ({
                name: string;
            } & {
                [key: string]: unknown;
            })[];
            _links: components["schemas"]["Links"];
        };
        TransitRouterPatch: {
            name?: string;
            /** @default 0 */
            cost: number;
            /** @default false */
            noTraversal: boolean;
            /** @default false */
            disabled: boolean;
            /** @default [] */
            configs: string[];
            /** @default {} */
            ctrlChanListeners: {
                [key: string]: string[];
            };
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        TransitRouterUpdate: {
            name: string;
            /** @default 0 */
            cost: number;
            /** @default false */
            noTraversal: boolean;
            /** @default false */
            disabled: boolean;
            /** @default [] */
            configs: string[];
            /** @default {} */
            ctrlChanListeners: {
                [key: string]: string[];
            };
            /** @default {} */
            tags: {
                [key: string]: string | number | boolean | null;
            };
        };
        Version: {
            version: string;
            revision: string;
            buildDate: string;
            runtimeVersion: string;
            apiVersions: {
                [key: string]: {
                    [key: string]: {
                        path: string;
                        apiBaseUrls: string[];
                    };
                };
            };
            capabilities: string[];
        };
    };
    responses: {
        /** @description A parameter or the body is not valid: `cause.field` names the member */
        Error400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description Not logged in, or not allowed */
        Error401: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description No such entity */
        Error404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description In conflict with what exists */
        Error409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description `If-Match` names another state */
        Error412: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description The body is larger than 1 MiB */
        Error413: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description The body is of another type */
        Error415: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description Too many requests */
        Error429: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description Not implemented */
        Error501: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ApiError"];
            };
        };
        /** @description The handler took longer than 10 s */
        Error503: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["ApiError"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
