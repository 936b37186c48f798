import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { maskSecrets } from '../../src/discover/secrets.ts';
import { parseFile } from '../../src/phase1-parse/parse-file.ts';
import { openSyntax } from '../../src/phase1-parse/syntax/syntax.ts';

/** Put together here, so that no scanner takes this file for a leak. */
const fill = (length: number) => 'Zq7Xw3Rt9Yp2Kd8Vm4Bn6Hc1'.repeat(50).slice(0, length);
const upper = (length: number) => fill(length).toUpperCase();
const hex = (length: number) => '0f3a9c71be52d846'.repeat(10).slice(0, length);

const CREDENTIALS: readonly (readonly [string, string])[] = [
  ['an AWS access key id', `AK${'IA'}${upper(16)}`],
  ['a temporary AWS key id', `AS${'IA'}${upper(16)}`],
  ['a GitHub personal token', `gh${'p_'}${fill(36)}`],
  ['a GitHub app token', `gh${'s_'}${fill(36)}`],
  ['a GitHub fine-grained token', `github${'_pat_'}${fill(60)}`],
  ['a GitLab token', `gl${'pat-'}${fill(20)}`],
  ['a Slack bot token', `xo${'xb-'}123456789012-${fill(24)}`],
  ['a Stripe key', `sk${'_live_'}${fill(24)}`],
  ['a Google key', `AI${'za'}${fill(35)}`],
  ['a key of a model provider', `s${'k-'}proj-${fill(48)}`],
  ['another one', `s${'k-'}ant-api03-${fill(80)}`],
  ['a Hugging Face token', `h${'f_'}${fill(34)}`],
  ['an npm token', `np${'m_'}${fill(36)}`],
  ['a PyPI token', `py${'pi-AgE'}${fill(80)}`],
  ['a SendGrid key', `S${'G.'}${fill(22)}.${fill(43)}`],
  ['a DigitalOcean token', `do${'p_v1_'}${hex(64)}`],
  ['a Vault token', `hv${'s.'}${fill(24)}`],
  ['a JSON web token', `ey${'J'}${fill(20)}.ey${'J'}${fill(40)}.${fill(43)}`],
];

describe('credentials inside a file', () => {
  it.each(CREDENTIALS)('%s is overwritten, and nothing around it', (_, token) => {
    const { text, masked } = maskSecrets(`before("${token}"); after`);
    expect(text).toBe(`before("${'*'.repeat(token.length)}"); after`);
    expect(masked).toBe(1);
  });

  it('the body of a private key goes, its lines stay', () => {
    const body = `${fill(64)}\n${fill(64)}\n${fill(20)}==`;
    const pem = (text: string) => `x\n-----BEGIN RSA PRIVATE${' KEY'}-----\n${text}\n-----END RSA PRIVATE KEY-----\ny`;
    expect(maskSecrets(pem(body)).text).toBe(pem(body.replace(/[^\n]/g, '*')));
  });

  it('a password in a URL goes, the host stays', () => {
    expect(maskSecrets('DB = postgres://app:s3cr3t-Pa55@db.internal:5432/app').text).toBe(
      'DB = postgres://app:***********@db.internal:5432/app',
    );
  });

  it('a random value with a telling name goes', () => {
    for (const line of [`API_KEY = "${fill(32)}"`, `"clientSecret": "${hex(40)}"`, `auth_token := '${fill(24)}'`]) {
      expect(maskSecrets(line)).toMatchObject({ masked: 1 });
    }
  });

  it.each([
    'postgres://user:password@localhost/test',
    `url = "https://\${USER}:\${PASSWORD}@host"`,
    'https://example.com:8080/a@b',
    'password = "correct horse battery staple"',
    'token_name = "csrf-middleware-token-name"',
    "SECRET_KEY_FALLBACK = 'django.core.signing.default_fallback_key'",
    'const key = "0123456789";',
    'class="sk-toggleable__label-arrow-and-some-more-words"',
    'if token == "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx": pass',
    `sha256 = "${hex(64)}"`,
    '-----BEGIN PRIVATE KEY-----',
  ])('%s is left alone', (text) => {
    expect(maskSecrets(text)).toEqual({ text, masked: 0 });
  });

  test('whatever the text, its length and its line ends stay, and no credential between blanks does', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        ...CREDENTIALS.map(([, token]) => token),
        '\n',
        '\r\n',
        '"',
        ' = ',
        'token',
        '://a:',
        '@',
        '-----',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const written = pieces.join(' ');
        const { text } = maskSecrets(written);
        expect(text.length).toBe(written.length);
        expect(text.replace(/[^\r\n]/g, '.')).toBe(written.replace(/[^\r\n]/g, '.'));
        for (const [, token] of CREDENTIALS) expect(text.split(' ')).not.toContain(token);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ['a', 'a'],
    ['a URL that does not end', 'a://'],
    ['colons', 'ab://x:'],
    ['names of secrets', 'token_token_token'],
    ['quotes', 'password = "'],
    ['beginnings of keys', `-----BEGIN PRIVATE${' KEY'}-----`],
    ['beginnings of web tokens', 'eyJaaaaaaaaaaaa.'],
    ['beginnings of tokens', 'sk-sk-sk-xoxb-AKIA'],
  ])('2 MB of %s take a bounded time', (_, unit) => {
    const text = unit.repeat(Math.ceil(2_000_000 / unit.length));
    const before = process.cpuUsage();
    maskSecrets(text);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(4_000);
  });

  it('a chunk shows the mask at the place of the secret, and the file says how many there were', async () => {
    const token = CREDENTIALS[2]![1];
    const text = `def login():\n    token = "${token}"\n    return token\n`;
    const syntax = await openSyntax();
    const parsed = await parseFile('a.py', Buffer.from(text), syntax);
    expect(parsed).toMatchObject({ status: 'parsed', reason: '1 secret masked' });
    expect(parsed.chunks[0]).toMatchObject({ name: 'login', startLine: 1, endLine: 3 });
    expect(parsed.chunks[0]!.content).toBe(text.replace(token, '*'.repeat(token.length)).trimEnd());
    const allowed = await parseFile('a.py', Buffer.from(text), syntax, { allowSecrets: true });
    expect(allowed).toMatchObject({ reason: '' });
    expect(allowed.chunks[0]!.content).toContain(token);
  });
});
