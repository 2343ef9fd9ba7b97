/** Why a token is none. For our log and tests; a client is told no more than that it must sign in. */
export type RefusalOfToken =
  | 'TOO_LONG'
  | 'NOT_COMPACT'
  | 'NOT_JSON'
  | 'NAME_REPEATED'
  | 'ALGORITHM'
  | 'TYPE'
  | 'KEY_BROUGHT_ALONG'
  | 'CRITICAL_EXTENSION'
  | 'CLAIMS'
  | 'ISSUER'
  | 'AUDIENCE'
  | 'EXPIRED'
  | 'NOT_YET_VALID'
  | 'ID_TOKEN'
  | 'KEY_UNKNOWN'
  | 'SIGNATURE';

export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
  constructor(readonly reason: RefusalOfToken) {
    super(`the token is refused: ${reason}`);
  }
}

/** Nothing can be said of a token before the issuer has told its keys; the same request may be sent again. */
export class IssuerUnreachable extends Error {
  override readonly name = 'IssuerUnreachable';
}
