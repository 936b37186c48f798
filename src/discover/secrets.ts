// Credentials inside files that are otherwise worth indexing are overwritten before anything else sees the text. The
// text keeps its length and its lines, so every offset and line number stays what it is in the file.

export interface MaskedText {
  readonly text: string;
  /** How many credentials were overwritten. */
  readonly masked: number;
}

/**
 * A form in which a credential is written. `hint` is text that every match contains: a file without it is not searched.
 * What is overwritten is the group named `secret`, or the whole match.
 */
interface Form {
  readonly hint: string;
  readonly pattern: RegExp;
}

// The forms are those their issuers document, from the first letters that they chose to make tokens recognisable. The
// lengths are lower bounds. Every repetition is bounded or over one class, so that no text makes a search slow.
const TOKENS: readonly Form[] = [
  { hint: 'AKIA', pattern: /\bAKIA[0-9A-Z]{16}\b/g }, // AWS access key id
  { hint: 'ASIA', pattern: /\bASIA[0-9A-Z]{16}\b/g },
  { hint: 'ghp_', pattern: /\bghp_[A-Za-z0-9]{36,251}\b/g }, // GitHub: personal, OAuth, user, server, refresh
  { hint: 'gho_', pattern: /\bgho_[A-Za-z0-9]{36,251}\b/g },
  { hint: 'ghu_', pattern: /\bghu_[A-Za-z0-9]{36,251}\b/g },
  { hint: 'ghs_', pattern: /\bghs_[A-Za-z0-9._-]{36,1000}/g },
  { hint: 'ghr_', pattern: /\bghr_[A-Za-z0-9]{36,251}\b/g },
  { hint: 'github_pat_', pattern: /\bgithub_pat_[A-Za-z0-9_]{22,251}\b/g },
  { hint: 'glpat-', pattern: /\bglpat-[A-Za-z0-9_.-]{20,300}/g },
  { hint: 'xox', pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,250}/g }, // Slack
  { hint: 'xapp-', pattern: /\bxapp-\d-[A-Za-z0-9-]{10,250}/g },
  { hint: 'hooks.slack.com/services/', pattern: /hooks\.slack\.com\/services\/(?<secret>[A-Za-z0-9/_-]{20,120})/g },
  { hint: '_live_', pattern: /\b[srp]k_live_[A-Za-z0-9]{16,250}\b/g }, // Stripe
  { hint: 'whsec_', pattern: /\bwhsec_[A-Za-z0-9+/=]{24,250}/g },
  { hint: 'AIza', pattern: /\bAIza[0-9A-Za-z_-]{35}/g }, // Google API key
  { hint: 'GOCSPX-', pattern: /\bGOCSPX-[0-9A-Za-z_-]{20,60}/g },
  { hint: 'ya29.', pattern: /\bya29\.[0-9A-Za-z_-]{20,1000}/g },
  { hint: 'sk-', pattern: /\bsk-(?=[A-Za-z_-]{0,60}\d)[A-Za-z0-9_-]{32,250}/g }, // model providers; a digit, or it is a class name
  { hint: 'hf_', pattern: /\bhf_[A-Za-z0-9]{34,60}\b/g },
  { hint: 'npm_', pattern: /\bnpm_[A-Za-z0-9]{36}\b/g },
  { hint: 'pypi-AgE', pattern: /\bpypi-AgE[A-Za-z0-9_-]{40,500}/g },
  { hint: 'dckr_', pattern: /\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,60}/g },
  { hint: 'SG.', pattern: /\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}/g }, // SendGrid
  { hint: '_v1_', pattern: /\bdo[opr]_v1_[a-f0-9]{64}\b/g }, // DigitalOcean
  { hint: 'shp', pattern: /\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b/g }, // Shopify
  { hint: 'hvs.', pattern: /\bhvs\.[A-Za-z0-9_-]{24,300}/g }, // HashiCorp Vault
  { hint: 'lin_api_', pattern: /\blin_api_[A-Za-z0-9]{32,64}\b/g },
  { hint: 'sntrys_', pattern: /\bsntrys_[A-Za-z0-9+/=_-]{40,400}/g },
  { hint: 'AGE-SECRET-KEY-', pattern: /\bAGE-SECRET-KEY-1[0-9A-Z]{50,70}/g },
  { hint: 'AccountKey=', pattern: /AccountKey=(?<secret>[A-Za-z0-9+/]{40,100}={0,2})/g }, // Azure storage
  { hint: 'eyJ', pattern: /\beyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,1000}/g }, // JSON web token
  {
    hint: 'PRIVATE KEY',
    // Also as a string literal on one line, with \n in words.
    pattern: /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?<secret>[^-]{16,20000})-----END /g,
  },
];

/** user:password@host; a placeholder (`:password@`, `:$PASSWORD@`, `:{pass}@`) is left alone by `isPlaceholder`. */
const IN_ADDRESS: Form = {
  hint: '://',
  pattern: /:\/\/[^\s:/?#@'"`<>]{0,80}:(?<secret>[^\s:/?#@'"`<>]{6,200})@/g,
};

/** All hints at once, in half the time: most files hold none of these. (Of addresses many do, and those are looked for apart.) */
const ANY_HINT = new RegExp(TOKENS.map(({ hint }) => hint.replaceAll('.', '\\.')).join('|'));

// What a secret's own name announces: `API_KEY = "…"`, `password: '…'`. Only a quoted value of one line that looks as
// if it had been drawn at random; a word or a sentence is a default or a test's.
const ASSIGNED: Form = {
  hint: '',
  pattern:
    /(?:secret|token|passwd|password|api_?key|access_?key|auth_?key|private_?key|credential)[A-Za-z0-9_]{0,20}['"]?\s{0,3}(?::|=>|=|:=)\s{0,3}['"](?<secret>[A-Za-z0-9+/=_.~!@#$%^&*-]{20,200})['"]/gi,
};
const ANNOUNCED = /secret|token|passw|key|credential/i;

/** Overwrites every credential it finds with asterisks. Line ends inside one stay. */
export function maskSecrets(text: string): MaskedText {
  const spans: { start: number; end: number }[] = [];
  for (const { hint, pattern } of ANY_HINT.test(text) ? [...TOKENS, IN_ADDRESS] : [IN_ADDRESS]) {
    if (!text.includes(hint)) continue;
    for (const match of text.matchAll(pattern)) add(match, isPlaceholder);
  }
  if (ANNOUNCED.test(text))
    for (const match of text.matchAll(ASSIGNED.pattern)) add(match, (value) => !isRandom(value));
  if (spans.length === 0) return { text, masked: 0 };
  return overwrite(text, spans);

  function add(match: RegExpExecArray, isHarmless: (value: string) => boolean): void {
    const whole = match[0];
    const secret = match.groups?.secret ?? whole;
    if (isHarmless(secret)) return;
    const start = match.index + whole.lastIndexOf(secret);
    spans.push({ start, end: start + secret.length });
  }
}

function overwrite(text: string, spans: { start: number; end: number }[]): MaskedText {
  spans.sort((a, b) => a.start - b.start || b.end - a.end);
  const parts: string[] = [];
  let at = 0;
  let masked = 0;
  for (const { start, end } of spans) {
    if (end <= at) continue; // inside the one before
    parts.push(text.slice(at, Math.max(at, start)), text.slice(Math.max(at, start), end).replace(/[^\r\n]/g, '*'));
    at = end;
    masked += 1;
  }
  parts.push(text.slice(at));
  return { text: parts.join(''), masked };
}

/** What stands where a credential would, in documentation and templates. */
function isPlaceholder(value: string): boolean {
  return (
    /[${}<>*[\]]|%[sdv(]/.test(value) ||
    /^(?:x+|pass(?:word|wd)?|secret|token|your.*|my.*|change.*|example.*|.*example)$/i.test(value) ||
    new Set(value).size < 4
  );
}

const RANDOM_BITS = 3.5;

/** Letters and digits mixed inside words, with the entropy of a random string; names and paths have less of either. */
function isRandom(value: string): boolean {
  if (isPlaceholder(value) || entropyOf(value) < RANDOM_BITS) return false;
  return value
    .split(/[^A-Za-z0-9]+/)
    .some((part) => part.length >= 12 && /[A-Za-z]\d/.test(part) && /\d[A-Za-z]/.test(part));
}

/** Shannon's, in bits per character. */
function entropyOf(value: string): number {
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits;
}
