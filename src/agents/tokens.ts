// How much of an agent's context a text takes. An estimate that is rather too high: code takes three to four bytes a token
// in the tokenizers of today's models.
const BYTES_PER_TOKEN = 3;

export const DEFAULT_TOKENS = 4_000;
export const LEAST_TOKENS = 300;
export const MOST_TOKENS = 50_000;

export function tokensOf(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

/** Of what a client is sent: it shows its model the one or the other. */
export function tokensOfAnswer({ json, text }: { readonly json: object; readonly text: string }): number {
  return Math.max(tokensOf(JSON.stringify(json)), tokensOf(text));
}
