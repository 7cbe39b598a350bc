// Reads what a TypeScript or JavaScript source imports, types too, without a parser of either language.

const forms = [
  // import … from 'x' and export … from 'x', over several lines; a statement in between would hold a ; or a quote.
  /^[ \t]*(?:import|export)\b[^;'"`]*?\bfrom\s*(['"])(?<specifier>[^'"\n]+)\1/gm,
  // import 'x'
  /^[ \t]*import\s*(['"])(?<specifier>[^'"\n]+)\1/gm,
  // import('x'), as code or as a type, and require('x')
  /\b(?:import|require)\s*\(\s*(['"`])(?<specifier>[^'"`\n$]+)\1/g,
];

/**
 * @param {string} text
 * @returns {string[]} every specifier, once each
 */
export function importsOf(text) {
  const code = withoutComments(text);
  return [...new Set(forms.flatMap((form) => [...code.matchAll(form)].map((match) => match.groups.specifier)))];
}

/**
 * Blanks whole-line comments, so that what documentation says of an import is not taken for one. A comment behind code
 * stays: telling it from a string would need a parser.
 * @param {string} text
 */
export function withoutComments(text) {
  return text.replace(/^[ \t]*(\/\/|\/\*|\*).*$/gm, '');
}
