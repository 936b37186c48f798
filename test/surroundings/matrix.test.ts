// Surroundings × commands: in each row the six commands end with a documented code and in their own words, and an index
// that is called complete is complete. The table is in docs/reliability.md.
import { spawnSync } from 'node:child_process';
import { chmod, chown, mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { smallProject, tandem } from '../cli/care.ts';
import { temporaryDirectory } from '../store/make.ts';

const bin = fileURLToPath(new URL('../../bin/tandem.js', import.meta.url));
const driver = fileURLToPath(new URL('./six-commands.mjs', import.meta.url));
const isRoot = process.getuid?.() === 0;
const COMMANDS = ['index', 'resume', 'status', 'search', 'verify', 'doctor'] as const;
type Codes = Readonly<Record<(typeof COMMANDS)[number], number>>;

interface Row {
  readonly name: string;
  /** What runs all six, `$0` being a folder of this row's own: one namespace, one disk. */
  readonly around?: readonly string[];
  /** What runs each of them. */
  readonly before?: readonly string[];
  /** Undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly prepare?: ((place: string) => Promise<void>) | undefined;
  /** What each command ends with, or which codes it may end with where that depends on the machine. */
  readonly codes: Codes | readonly number[];
  /** What was made before, in ordinary surroundings; after Phase 1 alone `resume` comes first, and `index` last. */
  readonly from?: 'index' | 'phase 1';
}

const all = (code: number): Codes => ({
  index: code,
  resume: code,
  status: code,
  search: code,
  verify: code,
  doctor: code,
});
const READ_ONLY: Codes = { ...all(0), index: 15, resume: 15, doctor: 15 };
const HALF_READ_ONLY: Codes = { ...READ_ONLY, verify: 4 };
const UNMADE: Codes = { index: 15, resume: 10, status: 10, search: 10, verify: 10, doctor: 15 };

const MOUNTS = ['unshare', isRoot ? '-m' : '-rm', 'sh', '-c'];
const shell = (script: string) => ['sh', '-c', `${script}; exec "$@"`, 'sh'];
const inMounts = (script: string) => [...MOUNTS, `${script} && exec "$@"`];
/** In a control group of its own with a limit, given as `file=value` for version 1 and for version 2. */
const inGroup = (controller: string, one: string, two: string) => {
  const set = ([file, value]: string[]) => `echo ${value} > $group/${file}`;
  return [
    'sh',
    '-c',
    `if [ -f /sys/fs/cgroup/cgroup.controllers ]; then group=/sys/fs/cgroup/tandem-$$; mkdir $group && ${set(two.split('='))}
else group=/sys/fs/cgroup/${controller}/tandem-$$; mkdir $group && ${set(one.split('='))}; fi && echo $$ > $group/cgroup.procs && "$@"
code=$?; echo $$ > $group/../cgroup.procs; rmdir $group; exit $code`,
  ];
};
const STOPPING = [process.execPath, fileURLToPath(new URL('./stopping.mjs', import.meta.url))];
const AS_NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'];
const AS_NUMBER = ['setpriv', '--reuid=54321', '--regid=54321', '--clear-groups', '--'];

const giveTo = (uid: number) => async (place: string) => {
  for (const name of ['.', ...(await readdir(place, { recursive: true }))]) await chown(join(place, name), uid, uid);
};

/** The owner may not enter either; root is not asked, for it runs as somebody else here. */
async function closeTo(home: string): Promise<void> {
  if (isRoot) await chown(home, 0, 0);
  await chmod(home, isRoot ? 0o700 : 0);
}

const ROWS: readonly Row[] = [
  { name: 'no HOME', env: { HOME: undefined, XDG_CACHE_HOME: undefined, XDG_CONFIG_HOME: undefined }, codes: all(0) },
  { name: 'an empty HOME', env: { HOME: '' }, codes: all(0) },
  {
    name: 'relative HOME, XDG folders, INDEX_PATH and TMPDIR',
    env: { HOME: '.', XDG_CONFIG_HOME: 'c', XDG_CACHE_HOME: 'c', INDEX_PATH: 'i', TMPDIR: 't' },
    codes: all(0),
  },
  {
    name: 'a HOME that may not be entered',
    around: isRoot ? AS_NOBODY : ['env'],
    env: { HOME: '<closed>', TANDEM_CACHE: undefined },
    prepare: isRoot ? giveTo(65534) : undefined,
    codes: all(0),
  },
  {
    name: 'a HOME in the project that may not be entered',
    around: isRoot ? AS_NOBODY : ['env'],
    env: { HOME: '<closed in the project>', TANDEM_CACHE: undefined },
    prepare: isRoot ? giveTo(65534) : undefined,
    codes: all(0),
  },
  {
    name: 'a user without a name',
    around: AS_NUMBER,
    env: { HOME: undefined, TANDEM_CACHE: undefined },
    prepare: giveTo(54321),
    codes: all(0),
  },
  { name: 'uid 65534', around: AS_NOBODY, env: { HOME: '/nonexistent' }, prepare: giveTo(65534), codes: all(0) },
  {
    name: 'a read-only index directory',
    from: 'index',
    around: inMounts('mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"'),
    codes: READ_ONLY,
  },
  {
    name: 'a full disk',
    around: inMounts(
      'mount -t tmpfs -o size=16k,mode=755 none "$0/disk" && dd if=/dev/zero of="$0/disk/fill" 2>/dev/null; true',
    ),
    codes: UNMADE,
  },
  { name: 'tmpfs', around: inMounts('mount -t tmpfs none "$0/disk"'), codes: all(0) },
  {
    name: 'overlay',
    around: inMounts(
      'mount -t tmpfs none "$0/disk" && mkdir "$0/disk/up" "$0/disk/work" "$0/disk/index" && mount -t overlay -o lowerdir="$0/src",upperdir="$0/disk/up",workdir="$0/disk/work" none "$0/disk/index"',
    ),
    codes: all(0),
  },
  {
    name: 'a working directory that was deleted',
    before: shell('mkdir /tmp/tandem-gone-$$ && cd /tmp/tandem-gone-$$ && rmdir /tmp/tandem-gone-$$'),
    codes: all(0),
  },
  { name: 'ulimit -n 24', before: shell('ulimit -n 24'), codes: [10, 15] }, // no index was made; a command that starts says so
  { name: 'ulimit -n 64', before: shell('ulimit -n 64'), codes: [0, 4, 10, 15] },
  { name: 'ulimit -f 8 (blocks of a file)', before: shell('trap "" XFSZ; ulimit -f 8'), codes: [0, 4, 10, 12, 15] },
  { name: 'an index of Phase 1 alone', from: 'phase 1', codes: all(0) },
  {
    name: 'an index of Phase 1 alone, read-only',
    from: 'phase 1',
    around: inMounts('mount --bind "$0" "$0" && mount -o remount,ro,bind "$0"'),
    codes: HALF_READ_ONLY,
  },
  {
    name: 'a memory limit of 192 MiB',
    around: inGroup('memory', 'memory.limit_in_bytes=192M', 'memory.max=192M'),
    codes: all(0),
  },
  {
    name: 'a third of a processor',
    around: inGroup('cpu', 'cpu.cfs_quota_us=33000', 'cpu.max=33000'),
    codes: all(0),
  },
  { name: 'stopped again and again, from Phase 1', from: 'phase 1', before: STOPPING, codes: all(0) },
  {
    name: 'an index link that leads nowhere',
    prepare: (place) => symlink('/nowhere/at/all', join(place, 'disk', 'index')),
    codes: all(2),
  },
  { name: '1.4 GiB of address space', before: shell('ulimit -v 1500000'), codes: all(15) },
  { name: 'unshare -n', around: ['unshare', isRoot ? '-n' : '-rn'], codes: all(0) },
  { name: 'a pid namespace of its own', around: ['unshare', isRoot ? '-pf' : '-rpf', '--mount-proc'], codes: all(0) },
  {
    name: 'a pid namespace of its own for each command',
    before: ['unshare', isRoot ? '-pf' : '-rpf', '--mount-proc'],
    codes: all(0),
  },
  { name: 'one processor', around: ['taskset', '-c', '0'], codes: all(0) },
  { name: 'no git in the PATH', env: { PATH: '/nowhere' }, codes: all(0) },
  { name: 'no folder for temporary files', env: { TMPDIR: '/nowhere' }, codes: UNMADE },
  { name: 'closed streams', before: shell('exec <&-'), codes: all(0) },
];

function works(row: Row, place: string): boolean {
  const around = row.around ?? ['env'];
  const needsRoot = around === AS_NUMBER || around === AS_NOBODY;
  if (process.platform !== 'linux' || (needsRoot && !isRoot)) return false;
  const [file = '', ...words] = [
    ...around,
    ...(around.at(-2) === '-c' ? [place] : []),
    ...(row.before ?? []),
    process.execPath,
    '-e',
    '0',
  ];
  const { status } = spawnSync(file, words, { cwd: '/' });
  return status === 0 || (row.before !== undefined && row.around === undefined);
}

describe.each(ROWS.map((row) => [row.name, row] as const))('%s', (_, row) => {
  test('ends each command in its own words', { timeout: 600_000 }, async ({ skip }) => {
    await using project = await smallProject();
    await using home = await temporaryDirectory();
    const place = project.path;
    await mkdir(join(place, 'disk'));
    const env = { ...process.env, ...row.env };
    const isClosed = env.HOME?.startsWith('<closed');
    if (isClosed) {
      env.HOME = join(env.HOME === '<closed>' ? home.path : place, 'home');
      await mkdir(env.HOME, { mode: 0o700 });
    }
    const index = join(place, 'disk', 'index');
    for (const path of [place, home.path]) await chmod(path, 0o755);
    if (row.from !== undefined) {
      const phase = row.from === 'phase 1' ? ['--phase=1'] : [];
      expect(tandem('index', '-p', place, '--index-dir', index, ...phase).code).toBe(0);
    }
    await row.prepare?.(place);
    if (isClosed) await closeTo(env.HOME!);
    if (!works(row, place)) skip(); // counted: this machine lets nobody make such surroundings
    const around = [...(row.around ?? [])];
    if (around.at(-2) === '-c') around.push(place);
    const words = [
      ...around,
      process.execPath,
      driver,
      bin,
      place,
      index,
      JSON.stringify(row.before ?? []),
      row.from ?? '',
    ];
    const run = spawnSync(words[0]!, words.slice(1), { encoding: 'utf8', env, cwd: '/' });
    if (isClosed) await chmod(env.HOME!, 0o700);
    expect(run.status, run.stderr).toBe(0);
    const results = JSON.parse(run.stdout);
    for (const command of COMMANDS) {
      const { code, stdout, stderr } = results[command];
      const what = `${row.name}, ${command}: ${code}\n${stderr}${stdout}`;
      const { codes } = row;
      expect('index' in codes ? [codes[command]] : codes, what).toContain(code);
      expect(stderr, what).not.toMatch(/this is a bug|^ {4}at /m);
      if (code !== 0) expect(stderr + stdout, what).not.toMatch(/^Complete/m);
    }
    if (results.index.code === 0) expect(results.verify.stdout).toMatch(/clean: every chunk has its vector/);
  });
});
