// The settings of mcp-vector-search in an index directory: config.json and exclude-patterns.txt. Read, never written.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { errnoOf, IndexerError, messageOf } from '../core/errors.ts';
import { PEER_EXTENSIONS, type SourceRules } from '../core/source-rules.ts';
import { systemFailure } from '../core/system-errors.ts';

/** What of mcp-vector-search's settings means something here. */
export interface MvsConfig {
  readonly sources: SourceRules;
  /** Null where it is left to the program. */
  readonly embeddingModel: string | null;
}

const MOST_BYTES = 1024 * 1024;

const words = v.pipe(v.array(v.pipe(v.string(), v.maxLength(1000))), v.maxLength(1000));

/** Keys that mean nothing here may hold anything. */
const MvsConfigSchema = v.object({
  file_extensions: v.nullish(words),
  embedding_model: v.nullish(v.string()),
  skip_dotfiles: v.nullish(v.boolean()),
  respect_gitignore: v.nullish(v.boolean()),
  force_include_patterns: v.nullish(words),
  force_include_paths: v.nullish(words),
});

/** Null where mcp-vector-search has no settings. Errors: CONFIG_INVALID, for what hides files must not be passed over; NOT_WRITABLE, SYSTEM_FAILED. */
export function readMvsConfig(indexDir: string): MvsConfig | null {
  const path = join(indexDir, 'config.json');
  const excludePatterns = readExcludePatterns(join(indexDir, 'exclude-patterns.txt'));
  const text = readSmallFile(path);
  if (text === null && excludePatterns.length === 0) return null;
  const config = text === null ? {} : parse(path, text);
  return {
    embeddingModel: config.embedding_model || null,
    sources: {
      extensions: chosenExtensions(config.file_extensions),
      skipDotfiles: config.skip_dotfiles ?? text !== null,
      respectGitignore: config.respect_gitignore ?? true,
      forceIncludePatterns: config.force_include_patterns ?? [],
      forceIncludePaths: (config.force_include_paths ?? []).map((each) => each.replace(/^\.\/|\/+$/g, '')),
      excludePatterns,
    },
  };
}

function parse(path: string, text: string): v.InferOutput<typeof MvsConfigSchema> {
  let raw: unknown;
  try {
    raw = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw invalid(path, messageOf(error));
  }
  if (Array.isArray(raw)) throw invalid(path, 'it holds no JSON object');
  const result = v.safeParse(MvsConfigSchema, raw);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw invalid(path, `${v.getDotPath(issue) ?? 'it'}: ${issue.message}`);
}

function chosenExtensions(given: readonly string[] | null | undefined): readonly string[] | null {
  if (!given) return null;
  const chosen = new Set(given.map((each) => (each.startsWith('.') ? each : `.${each}`)));
  return PEER_EXTENSIONS.every((extension) => chosen.has(extension)) ? null : [...chosen];
}

/** One glob a line; `!` takes back one of mcp-vector-search's own defaults, which do not hold here. */
function readExcludePatterns(path: string): string[] {
  const lines = (readSmallFile(path) ?? '').split(/\r?\n/).map((line) => line.trim());
  return lines.filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('!'));
}

/** Null where there is none. */
function readSmallFile(path: string): string | null {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return null;
    if (!stats.isFile() || stats.size > MOST_BYTES) throw invalid(path, 'it is not a small regular file');
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof IndexerError) throw error;
    if (errnoOf(error) === 'ENOTDIR') return null;
    throw systemFailure(errnoOf(error), path, error) ?? invalid(path, messageOf(error));
  }
}

function invalid(path: string, reason: string): IndexerError {
  return new IndexerError('CONFIG_INVALID', `${path} cannot be used: ${reason}`, {
    hint: 'it is a file of mcp-vector-search and says which files to take; correct it, or move it away',
  });
}
