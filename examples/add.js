// Adds two numbers: {"a":2,"b":3} gives {"sum":5}.
export const handler = (event) => ({ sum: event.a + event.b });
