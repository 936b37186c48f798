// Strings without halves of surrogate pairs; the methods of that name are younger than our oldest Node's types.

export function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

export function isWellFormed(text: string): boolean {
  return wellFormed(text) === text;
}
