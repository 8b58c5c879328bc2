// The text of the check worker, which the build puts in.

declare module 'nn:check-worker' {
  const text: string;
  export default text;
}
