import { type Answer, Client } from '../client.js';
import { type Platform, removeData, type Topology } from '../topology.js';
import { eventually } from '../wait.js';

const adminKey = `rlk_${'system-test-'.repeat(4)}`;
const gatewayFlags = ['--keys', 'on', '--admin-key', adminKey];

export function keyScenarios(topology: Topology): void {
  describe('with keys', () => {
    let platform: Platform;

    beforeAll(async () => {
      platform = await topology.start({ gatewayFlags });
    }, 60_000);

    afterAll(async () => {
      await platform.stop();
      removeData(platform.data);
    }, 60_000);

    const as = (key?: string) => new Client(platform.url, key ? { authorization: `Bearer ${key}` } : {});
    const outcome = ({ body, status }: Answer) => (status < 400 ? status : body.error?.reason);

    test('serves who has one, after everything was killed too, until it is revoked', async () => {
      expect(outcome(await as().deploy('hello', 'js', 'export default () => "hi"'))).toBe('key_missing');
      expect(outcome(await as(adminKey).deploy('hello', 'js', 'export default () => "hi"'))).toBe(201);
      const made = await as(adminKey).connect('KeyService/CreateKey', { name: 'caller', scopes: ['invoke'] });
      const key = String(made.body.key);
      expect(outcome(await as(key).invoke('hello'))).toBe(200);
      expect(outcome(await as(key).send('GET', '/functions'))).toBe('scope_missing');
      expect((await as().send('GET', '/fn/hello')).status).toBe(401);

      await platform.killEverything();
      platform = await topology.start({ data: platform.data, gatewayFlags });
      expect(outcome(await as(key).invoke('hello'))).toBe(200);
      expect((await as(adminKey).connect('KeyService/RevokeKey', { id: key.slice(4, 20) })).status).toBe(200);
      await eventually('it opens nothing', async () => outcome(await as(key).invoke('hello')) === 'key_unknown', 1_000);
      expect(platform.log()).not.toContain(key.slice(21));
    }, 90_000);
  });
}
