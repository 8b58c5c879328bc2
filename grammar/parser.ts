// The parser of single declarations, statements and items; the layout has already found where they end.

import type { CstNode, IToken } from 'chevrotain';
import { CstParser } from 'chevrotain';
import * as tokens from './tokens';
import { keyword } from './tokens';

/**
 * Whatever may be missing is optional here, so that no rule ever fails and a damaged text keeps all its parts;
 * lowering asks for what is missing, in words that fit the place. A rule that ends early leaves tokens over,
 * which is the one error of this parser.
 */
export class NnParser extends CstParser {
  /** @param skipValidations The rules are the same in every start; a test validates them. */
  constructor(skipValidations = true) {
    super(tokens.tokenVocabulary, { maxLookahead: 2, recoveryEnabled: false, nodeLocationTracking: 'none', skipValidations });
    this.performSelfAnalysis();
  }

  readonly declaration = this.RULE('declaration', () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.import) },
      { ALT: () => this.SUBRULE(this.let) },
      { ALT: () => this.SUBRULE(this.function) },
      { ALT: () => this.SUBRULE(this.stackOrModel) },
      { ALT: () => this.SUBRULE(this.assert) },
    ]);
  });

  private readonly import = this.RULE('import', () => {
    this.CONSUME(keyword.from);
    this.OPTION(() => this.CONSUME(tokens.String));
    this.OPTION1(() => this.CONSUME(keyword.import));
    this.SUBRULE(this.importedName);
    this.MANY(() => {
      this.CONSUME(tokens.Comma);
      this.SUBRULE1(this.importedName);
    });
  });

  private readonly importedName = this.RULE('importedName', () => {
    this.OPTION(() => this.CONSUME(tokens.Name));
    this.OPTION1(() => {
      this.CONSUME(keyword.as);
      this.OPTION2(() => this.CONSUME1(tokens.Name, { LABEL: 'alias' }));
    });
  });

  private readonly let = this.RULE('let', () => {
    this.CONSUME(keyword.let);
    this.OPTION(() => this.CONSUME(tokens.Name));
    this.OPTION1(() => this.CONSUME(tokens.Equals));
    this.SUBRULE(this.expression);
  });

  private readonly function = this.RULE('function', () => {
    this.CONSUME(keyword.function);
    this.OPTION(() => this.CONSUME(tokens.Name));
    this.OPTION1(() => this.CONSUME(tokens.Parens));
    this.OPTION2(() => this.CONSUME(tokens.Equals));
    this.SUBRULE(this.expression);
  });

  private readonly stackOrModel = this.RULE('stackOrModel', () => {
    this.CONSUME(tokens.BodyWord);
    this.OPTION(() => this.CONSUME(tokens.Name));
    this.OPTION1(() => this.CONSUME(tokens.Parens));
    this.OPTION2(() => this.CONSUME(tokens.Body));
    this.OPTION3(() => {
      this.CONSUME(tokens.Equals);
      this.SUBRULE(this.expression);
    });
  });

  private readonly assert = this.RULE('assert', () => {
    this.CONSUME(keyword.assert);
    this.SUBRULE(this.expression);
  });

  private readonly statements = [
    { ALT: () => this.SUBRULE(this.typedName) },
    { ALT: () => this.SUBRULE(this.output) },
    { ALT: () => this.SUBRULE(this.loss) },
    { ALT: () => this.SUBRULE(this.optimizer) },
    { ALT: () => this.SUBRULE(this.assert) },
    { ALT: () => this.SUBRULE(this.expression) },
  ];

  readonly statement = this.RULE('statement', () => {
    this.OR(this.statements);
  });

  private readonly typedName = this.RULE('typedName', () => {
    this.CONSUME(tokens.TensorWord);
    this.OPTION(() => this.CONSUME(tokens.Name));
    this.OPTION1(() => {
      this.CONSUME(tokens.Colon);
      this.OPTION2(() => this.CONSUME1(tokens.Name, { LABEL: 'element' }));
      this.OPTION3(() => this.CONSUME(tokens.Brackets));
    });
    this.OPTION4(() => {
      this.CONSUME(tokens.Equals);
      this.SUBRULE(this.expression);
    });
  });

  private readonly output = this.RULE('output', () => {
    this.CONSUME(keyword.output);
    this.OPTION(() => this.CONSUME(tokens.Name));
  });

  private readonly loss = this.RULE('loss', () => {
    this.CONSUME(keyword.loss);
    this.SUBRULE(this.expression);
  });

  private readonly optimizer = this.RULE('optimizer', () => {
    this.CONSUME(keyword.optimizer);
    this.SUBRULE(this.expression);
  });

  /** A statement with a `=`; what stands left of it must be names, which is asked for in lowering. */
  readonly binding = this.RULE('binding', () => {
    this.SUBRULE(this.expression);
    this.MANY(() => {
      this.CONSUME(tokens.Comma);
      this.SUBRULE1(this.expression);
    });
    this.OPTION(() => {
      this.CONSUME(tokens.Equals);
      this.SUBRULE2(this.expression, { LABEL: 'value' });
    });
  });

  private readonly items = [
    { ALT: () => this.CONSUME(tokens.Ellipsis) },
    {
      ALT: () => {
        this.SUBRULE(this.expression);
        this.MANY(() => {
          this.CONSUME(tokens.Colon);
          this.SUBRULE1(this.expression);
        });
      },
    },
  ];

  /** An item between commas: a parameter, an argument, an element of a list or a shape, or a slice. */
  readonly item = this.RULE('item', () => {
    this.OPTION(() => {
      this.CONSUME(tokens.Name);
      this.CONSUME(tokens.Equals);
    });
    this.OR(this.items);
  });

  /** Terms and the operators between them; lowering lets the operators bind as the token table says. */
  private readonly expression = this.RULE('expression', () => {
    this.SUBRULE(this.term);
    this.MANY(() => {
      this.CONSUME(tokens.BinaryOperator);
      this.SUBRULE1(this.term);
    });
  });

  // Alternatives that are tried at every value are made once.
  private readonly values = [
    { ALT: () => this.CONSUME(tokens.Atom) },
    { ALT: () => this.SUBRULE(this.if) },
    { ALT: () => this.SUBRULE(this.repeat) },
    { ALT: () => this.SUBRULE(this.for) },
    { ALT: () => this.SUBRULE(this.residual) },
    { ALT: () => this.SUBRULE(this.parallel) },
  ];

  private readonly suffixes = [
    { ALT: () => this.CONSUME(tokens.Suffix) },
    {
      ALT: () => {
        this.CONSUME(tokens.Dot, { LABEL: 'Suffix' });
        this.OPTION1(() => this.CONSUME(tokens.Name, { LABEL: 'Suffix' }));
      },
    },
  ];

  private readonly term = this.RULE('term', () => {
    this.MANY(() => this.CONSUME(tokens.Prefix));
    this.OPTION(() => {
      this.OR(this.values);
      this.MANY1(() => this.OR1(this.suffixes));
    });
  });

  private readonly if = this.RULE('if', () => {
    this.SUBRULE(this.branch);
    this.MANY(() => this.SUBRULE(this.alternative));
  });

  private readonly branch = this.RULE('branch', () => {
    this.CONSUME(keyword.if);
    this.SUBRULE(this.expression);
    this.OPTION(() => this.CONSUME(tokens.Body));
  });

  private readonly alternative = this.RULE('alternative', () => {
    this.CONSUME(keyword.else);
    this.OPTION(() => {
      this.OR([{ ALT: () => this.SUBRULE(this.branch) }, { ALT: () => this.CONSUME(tokens.Body) }]);
    });
  });

  private readonly repeat = this.RULE('repeat', () => {
    this.CONSUME(keyword.repeat);
    this.SUBRULE(this.expression);
    this.OPTION(() => this.CONSUME(tokens.Body));
  });

  private readonly for = this.RULE('for', () => {
    this.CONSUME(keyword.for);
    this.OPTION(() => this.CONSUME(tokens.Name));
    this.MANY(() => {
      this.CONSUME(tokens.Comma);
      this.OPTION1(() => this.CONSUME1(tokens.Name));
    });
    this.OPTION2(() => this.CONSUME(keyword.in));
    this.SUBRULE(this.expression);
    this.OPTION3(() => this.CONSUME(tokens.Body));
  });

  private readonly residual = this.RULE('residual', () => {
    this.CONSUME(keyword.residual);
    this.OPTION(() => this.CONSUME(tokens.Block));
  });

  private readonly parallel = this.RULE('parallel', () => {
    this.CONSUME(tokens.BranchesWord);
    this.OPTION(() => this.CONSUME(tokens.Parens));
    this.OPTION1(() => this.CONSUME(tokens.Block));
  });
}

const parser = new NnParser();

export type Rule = 'declaration' | 'statement' | 'binding' | 'item';

export interface Parsed {
  readonly tree: CstNode;
  /** The tokens that are in the tree. */
  readonly used: readonly IToken[];
  /** The first token that does not fit the rule. */
  readonly unfit: IToken | undefined;
  /** The tokens that are not in the tree, from the unfit one on; none if the tree is whole without that one. */
  readonly left: readonly IToken[];
}

/** Parses tokens, of which there is at least one, by a rule. */
export function parseRule(rule: Rule, input: IToken[]): Parsed {
  const { tree, rest } = apply(rule, input);
  if (rest === undefined) return { tree, used: input, unfit: undefined, left: [] };
  const unfit = input[rest]!;
  const left = input.slice(rest);
  const body = left.findIndex((token) => token.tokenType === tokens.Body);
  // What may be a value of its own is kept for that, unless it stands between a header and its body.
  const tries = [...(!beginsValue(unfit) || body >= 0 ? [1] : []), ...(body > 1 ? [body] : [])];
  for (const count of tries) {
    const used = input.toSpliced(rest, count);
    const without = apply(rule, used);
    if (without.rest === undefined) return { tree: without.tree, used, unfit, left: [] };
  }
  return { tree, used: input.slice(0, rest), unfit, left };
}

function apply(rule: Rule, input: IToken[]): { tree: CstNode; rest: number | undefined } {
  parser.input = input;
  const tree = parser[rule]();
  const error = parser.errors[0];
  return { tree, rest: error && input.indexOf(error.token) };
}

const valueStarts = tokens.typesOf(['if', 'repeat', 'for', 'residual', 'concat', 'add', 'multiply', 'not']);

/** Whether a value can begin with a token, other than with a sign. */
export function beginsValue(token: IToken): boolean {
  return tokens.is(token, tokens.Atom) || valueStarts.has(token.tokenType);
}
