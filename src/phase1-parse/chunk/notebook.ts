// A Jupyter notebook → its cells as one Markdown text: code in fences, outputs left out.
import * as v from 'valibot';

const source = v.union([v.string(), v.array(v.string())]);
const notebookSchema = v.object({
  cells: v.array(v.object({ cell_type: v.string(), source: v.optional(source, '') })),
  metadata: v.optional(
    v.object({
      kernelspec: v.optional(v.object({ language: v.optional(v.string()) })),
      language_info: v.optional(v.object({ name: v.optional(v.string()) })),
    }),
  ),
});

/** Null if the text is no notebook. Its lines are those of the cells, not of the file. */
export function notebookText(text: string): string | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = v.safeParse(notebookSchema, json);
  if (!parsed.success) return null;
  const { cells, metadata } = parsed.output;
  const language = metadata?.kernelspec?.language ?? metadata?.language_info?.name ?? 'python';
  return cells
    .map(({ cell_type, source: lines }) => {
      const written = (typeof lines === 'string' ? lines : lines.join('')).trimEnd();
      return cell_type === 'code' ? `\`\`\`${language.toLowerCase()}\n${written}\n\`\`\`\n` : `${written}\n`;
    })
    .join('\n');
}
