// What a file is for, by its path.
export type Role = 'source' | 'test' | 'example' | 'documentation';

const TEST =
  /(^|\/)(tests?|__tests__|specs?|testing|test[-_]?utils?|testdata|fixtures?|mocks?|__mocks__)\/|(^|[/_.-])(test|spec)s?[._-][^/]*$|[._-](test|spec|mock)s?\.[^/.]+$|(Test|Tests|Spec)\.[^/.]+$|(^|\/)conftest\.py$/;
const EXAMPLE =
  /(^|\/)(examples?|demos?|samples?|bench(marks?)?|compat|legacy|deprecated|_compat)\/|(^|\/)_?compat\.[^/.]+$/;
const DOCUMENTATION = /(^|\/)docs?\/[^/]+\.(md|mdx|rst|adoc|txt)$|\.(md|mdx|rst|adoc|txt)$/i;

/** Tests that stand in a source file, by their breadcrumb. */
const TEST_NAME = /(^|[.:])tests?[.:]|(^|[.:])test_|(^|[.:])Test[A-Z]/;

/** The same two in the engine's words, for its columns `file_path` and `hierarchy_path`. */
export const TEST_REGEXES = { path: TEST.source.replaceAll('\\/', '/'), breadcrumb: TEST_NAME.source };

export function isTestName(breadcrumb: string): boolean {
  return TEST_NAME.test(breadcrumb);
}

export function roleOf(path: string): Role {
  if (TEST.test(path)) return 'test';
  if (DOCUMENTATION.test(path)) return 'documentation';
  if (EXAMPLE.test(path)) return 'example';
  return 'source';
}
