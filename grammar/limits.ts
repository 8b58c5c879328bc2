// What one file may ask of the parser; the analyser has its own limits.

/** The most that a text may hold before the parser says so and leaves the rest aside. */
export const limits = {
  /** UTF-16 code units of a file. */
  fileSize: 2_000_000,
  /** Open brackets inside each other. */
  bracketNesting: 64,
  /** Nodes inside each other: no tree is deeper, so that whoever walks it may recurse. */
  treeDepth: 1_000,
  /** Diagnostics of one file; nobody reads more. */
  diagnostics: 500,
} as const;
