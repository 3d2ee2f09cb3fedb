/** Claims that say something of the token they stand in, not of the person: they pass from no token into another. */
export const PROTOCOL_CLAIMS: ReadonlySet<string> = new Set(
  'iss aud exp iat nbf jti nonce azp sid at_hash c_hash s_hash typ events cnf act may_act scope scp client_id __proto__'.split(
    ' ',
  ),
);
