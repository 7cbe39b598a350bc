import { declaredNeed, needOfProcedure } from './needs.js';
import { servedServices } from './services.js';

test('somebody has said what every procedure of ours needs', () => {
  const methods = servedServices.flatMap((service) =>
    service.methods.map(({ name }) => [service.typeName, name] as const),
  );
  const ours = methods.filter(([service]) => service.startsWith('relais.'));
  expect(ours.length).toBeGreaterThan(10);
  expect(ours.filter(([service, method]) => declaredNeed(service, method) === undefined)).toEqual([]);
});

test.each(['/relais.v1.FutureService/Do', '/relais.v1.FunctionService/constructor', '/relais.v1.toString', '//', ''])(
  '%j, of which nobody has, needs an admin',
  (path) => {
    expect(needOfProcedure(path)).toBe('admin');
  },
);
