/**
 * A token response without its ID token. openid-client refuses a response as a whole where the ID token in it is not as it
 * should be, and with it a refresh token that exists nowhere else.
 */
export async function setIdTokenAside(
  response: Response,
): Promise<{ response: Response; idToken: string | undefined }> {
  const text = await response.text();
  const { status, headers } = response;
  const { id_token: idToken, ...rest } = parse(text);
  if (typeof idToken !== 'string')
    return { response: new Response(text || null, { status, headers }), idToken: undefined };
  return { response: new Response(JSON.stringify(rest), { status, headers }), idToken };
}

function parse(text: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
