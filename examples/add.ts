// Adds two numbers: {"a":2,"b":3} gives {"sum":5}.
interface Numbers {
  a: number;
  b: number;
}

export const handler = ({ a, b }: Numbers): { sum: number } => ({ sum: a + b });
