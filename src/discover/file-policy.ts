// Which files and folders are left out because of their name, whatever a repository's own rules say.
// Data and string tests only: nothing here touches the disk.

const LOCK_FILES = new Set([
  'package-lock.json',
  'npm-shrinkwrap.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'Cargo.lock',
  'poetry.lock',
  'uv.lock',
  'Pipfile.lock',
  'go.sum',
  'composer.lock',
  'Gemfile.lock',
]);

/** In the root only. */
const SETTINGS_FILES = new Set(['.tandem.json', '.tandem.jsonc']);

const SECRET_NAMES = new Set([
  'id_rsa',
  'id_dsa',
  'id_ecdsa',
  'id_ecdsa_sk',
  'id_ed25519',
  'id_ed25519_sk',
  '.npmrc',
  '.pypirc',
  '.netrc',
  '_netrc',
  '.git-credentials',
  'kubeconfig',
]);
const SECRET_PATHS = ['.aws/credentials', '.kube/config', '.docker/config.json'];
const SECRET_EXTENSIONS = new Set(['pem', 'key', 'p12', 'pfx', 'jks']);
/** Settings with the values left out, made to be read. */
const ENV_EXAMPLE = /\.(example|sample|template)$/;

// Only what can hold no program text. `.svg`, `.ps` and the like are text; `.ts` and `.lib` mean two things.
const BINARY_EXTENSIONS = new Set(
  [
    'png jpg jpeg jpe gif bmp ico icns cur webp avif heic heif tif tiff psd xcf raw cr2 nef jxl',
    'zip gz tgz bz2 tbz xz txz zst lz lz4 lzma 7z rar tar cab deb rpm apk ipa dmg iso img cpio crx xpi vsix nupkg whl egg',
    'ttf otf woff woff2 eot',
    'mp3 mp4 m4a m4v wav flac ogg oga ogv opus aac aiff avi mov mkv webm wmv wma flv mpg mpeg swf mid midi',
    'pdf doc docx xls xlsx ppt pptx odt ods odp epub mobi',
    'o obj a so dylib dll exe pdb lo ko elf wasm pyc pyo pyd class jar war ear dex node beam rlib rmeta',
    'sqlite sqlite3 db db3 mdb parquet arrow feather lance avro orc npy npz pkl pickle h5 hdf5 rdb',
    'onnx pt pth ckpt safetensors gguf tflite pb bin mlmodel',
    'glb fbx blend 3ds dwg stl ktx dds',
  ].flatMap((row) => row.split(' ')),
);

// Folders that hold copies of other people's work or are made by a tool; `venv` is looked into (see folders.ts).
const VENDORED_FOLDERS = new Set([
  'node_modules',
  'bower_components',
  '.venv',
  'site-packages',
  '__pycache__',
  '.tox',
  '.nox',
  '.mypy_cache',
  '.pytest_cache',
  '.ruff_cache',
]);

// Never entered and never mentioned: they belong to version control or to an index.
const SILENT_NAMES = new Set(['.git', '.hg', '.svn', '.mcp-vector-search']);

/** Why a regular file is skipped for its name alone, or null. `path` is relative and `/`-separated. */
export function skippedByName(
  path: string,
  allowSecrets: boolean,
): 'secret' | 'lock file' | 'binary' | 'settings of tandem' | null {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  const extension = dot === -1 ? '' : name.slice(dot + 1).toLowerCase();
  if (!allowSecrets && isSecret(path, name, extension)) return 'secret';
  if (LOCK_FILES.has(name)) return 'lock file';
  if (SETTINGS_FILES.has(path)) return 'settings of tandem';
  // A leading dot begins a hidden name, not an extension: `.model` is a settings file of somebody's.
  if ((dot > 0 && BINARY_EXTENSIONS.has(extension)) || name === '.DS_Store') return 'binary';
  return null;
}

function isSecret(path: string, name: string, extension: string): boolean {
  if (name.startsWith('.env')) return !ENV_EXAMPLE.test(name);
  if (SECRET_NAMES.has(name) || SECRET_EXTENSIONS.has(extension)) return true;
  return SECRET_PATHS.some((secret) => path === secret || path.endsWith(`/${secret}`));
}

export function isVendoredFolder(name: string): boolean {
  return VENDORED_FOLDERS.has(name);
}

export function isSilentName(name: string): boolean {
  return SILENT_NAMES.has(name);
}
