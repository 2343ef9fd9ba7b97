export { InvalidIssuerFile, type IssuerFile, readIssuerFile } from './identity/issuer-file.js';
export { type IssuedSecrets, prepareIssuerFile } from './identity/prepare-issuer-file.js';
export { mintToken, type TokenRequest } from './identity/mint-token.js';
export { hashSecret, matchesPassword, matchesSecret } from './identity/secret.js';
export { isSafeIssuer } from './identity/remote-keys.js';
export { IssuerUnreachable, type RefusalOfToken, TokenRefused } from './identity/token-refused.js';
export { TokenVerifier, type VerifiedToken } from './identity/token-verifier.js';
