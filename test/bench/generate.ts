// Generated files for benchmarks.

/** A file of about this many lines: a stack, and models of forty layers each. */
export function generate(lines: number): string {
  const parts: string[] = ['stack Block(channels) { Conv2d(channels, 3, padding = 1); BatchNorm2d; ReLU }'];
  for (let model = 0; parts.length < lines; model++) {
    parts.push(`model M${String(model)} {`, '  input image: [3, H, W]');
    for (let layer = 0; layer < 40; layer++) parts.push(layer % 8 === 7 ? '  MaxPool2d(2)' : `  Block(${String(8 + (layer % 5))})`);
    parts.push('}');
  }
  return parts.join('\n');
}
