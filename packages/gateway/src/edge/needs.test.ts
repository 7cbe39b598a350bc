import { needOfProcedure, pathsWithNeeds } from './needs.js';
import { servedServices } from './services.js';

test('somebody has said what every procedure of ours needs', () => {
  const paths = servedServices.flatMap(({ methods, typeName }) => methods.map(({ name }) => `/${typeName}/${name}`));
  const ours = paths.filter((path) => path.startsWith('/relais.'));
  expect(ours.length).toBeGreaterThan(10);
  expect([...pathsWithNeeds()].sort()).toEqual(ours.sort());
});

test.each(['/relais.v1.FutureService/Do', '/relais.v1.FunctionService/constructor', '/relais.v1.toString', '//', ''])(
  '%j, of which nobody has, needs an admin',
  (path) => {
    expect(needOfProcedure(path)).toBe('admin');
  },
);
