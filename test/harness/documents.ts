/** The documents of the repository, and the code blocks in them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Paths below `root` of the README and of every Markdown file of `docs`, its folders included. */
export function documentsOf(root: string): string[] {
  const inDocs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `docs/${path}`)
    .sort();
  return ['README.md', ...inDocs];
}

export interface CodeBlock {
  /** What follows the opening fence; `''` when nothing does. */
  language: string;
  text: string;
}

/** A configuration of a part: a YAML block whose first line is a comment with the part's name alone. */
export interface PartConfiguration {
  part: string;
  text: string;
}

export function partConfigurationsIn(markdown: string): PartConfiguration[] {
  return codeBlocksIn(markdown)
    .filter(({ language }) => language === 'yaml')
    .flatMap(({ text }) => {
      const part = /^ *# (\w+)\n/.exec(text)?.[1];
      return part === undefined ? [] : [{ part, text }];
    });
}

/** Fenced code blocks of a document, those within lists too. */
export function codeBlocksIn(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(/^ *```(\w*)\n([\s\S]*?)^ *```$/gm)].map(([, language, text]) => ({
    language: language!,
    text: text!,
  }));
}

/** First lines of the kinds of diagram used here, and what one that draws something has in it. */
const DIAGRAMS: readonly (readonly [kind: RegExp, content: RegExp])[] = [
  [/^flowchart (LR|RL|TB|TD|BT)$/, /-->|-\.->|==>/],
  [/^sequenceDiagram$/, /->>/],
  [/^xychart-beta$/, /^(line|bar)\b.*\[.*\d.*\]/],
];

/** What is wrong with a Mermaid block; `undefined` when it is of a known kind and draws something. */
export function diagramProblem(text: string): string | undefined {
  const [first = '', ...lines] = text.split('\n').map((line) => line.trim());
  const [, content] = DIAGRAMS.find(([kind]) => kind.test(first)) ?? [];
  if (!content) return `"${first}" is no kind of diagram used here`;
  if (first === 'sequenceDiagram') {
    const ended = lines.find((line) => line.includes(';'));
    if (ended !== undefined) return `a semicolon ends the statement: ${ended}`;
  }
  return lines.some((line) => content.test(line)) ? undefined : `"${first}" draws nothing`;
}
