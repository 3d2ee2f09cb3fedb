declare module 'passport-jwt' {
  export const ExtractJwt: { fromAuthHeaderAsBearerToken(): unknown };
  export const Strategy: new (options: object) => object;
}
